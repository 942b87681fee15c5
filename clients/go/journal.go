package eventgrpc

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// slack is how much a file may have beyond twice what its events need, before it is written anew.
const slack = 1 << 20

// journal is the storage of a queue: a file to which events are appended, and then that they are settled.
type journal struct {
	lock *os.File
	file *os.File
	path string
	// size is how many bytes the file has.
	size int64
	// needed are the bytes of events that aren't settled, by number.
	needed map[int64]int64
	// torn is whether the file ends within a record.
	torn bool
}

// openJournal opens the file of a folder, and says which events it holds, and how many records couldn't be read.
func openJournal(folder string) (j *journal, items []*item, damaged int, err error) {
	if err = os.MkdirAll(folder, 0o700); err != nil {
		return nil, nil, 0, fmt.Errorf("event-grpc: storage: %w", err)
	}
	j = &journal{path: filepath.Join(folder, "events"), needed: map[int64]int64{}}
	if j.lock, err = lockFile(filepath.Join(folder, "lock")); err != nil {
		return nil, nil, 0, fmt.Errorf("%w: %s; give each a folder of its own", err, folder)
	}
	if err = j.open(); err == nil {
		items, damaged, err = j.load()
	}
	if err != nil {
		unlockFile(j.lock)
		return nil, nil, 0, fmt.Errorf("event-grpc: storage: %w", err)
	}
	return j, items, damaged, nil
}

func (j *journal) open() (err error) {
	j.file, err = os.OpenFile(j.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	return err
}

// append stores an event. After an error the file is as before.
func (j *journal) append(it *item) error {
	line, err := recordOf(it).line()
	if err != nil {
		return err
	}
	if err := j.write(line); err != nil {
		return err
	}
	j.needed[it.number] = int64(len(line))
	it.stored = true
	return nil
}

// settled forgets events. Where that fails they are sent once more after the next start, with the same ids.
func (j *journal) settled(items []*item) {
	var gone []int64
	for _, it := range items {
		if _, there := j.needed[it.number]; there {
			delete(j.needed, it.number)
			gone = append(gone, it.number)
		}
	}
	switch {
	case len(j.needed) == 0:
		j.clear()
	case len(gone) > 0:
		line, err := (&record{Gone: gone}).line()
		if err == nil && j.write(line) == nil {
			j.shrink()
		}
	}
}

// clear empties the file.
func (j *journal) clear() {
	if (j.size > 0 || j.torn) && j.file.Truncate(0) == nil {
		j.size, j.torn = 0, false
	}
}

func (j *journal) close() {
	j.file.Close()
	unlockFile(j.lock)
}

func (j *journal) write(line []byte) error {
	if j.torn {
		// What is left of a record that wasn't written to its end stays a line of its own.
		line = append([]byte{'\n'}, line...)
	}
	if _, err := j.file.Write(line); err != nil {
		j.torn = j.file.Truncate(j.size) != nil
		return err
	}
	j.size += int64(len(line))
	j.torn = false
	return nil
}

// load reads the file.
func (j *journal) load() (items []*item, damaged int, err error) {
	text, err := os.ReadFile(j.path)
	if err != nil {
		return nil, 0, err
	}
	j.size = int64(len(text))
	j.torn = len(text) > 0 && text[len(text)-1] != '\n'
	found := map[int64]*item{}
	now := time.Now()
	anew := j.torn
	for _, line := range bytes.Split(text, []byte{'\n'}) {
		switch r := readRecord(line); {
		case r == nil && len(line) > 0:
			damaged++
			anew = true
		case r == nil:
		case len(r.Gone) > 0:
			for _, number := range r.Gone {
				delete(found, number)
				delete(j.needed, number)
			}
			anew = true
		default:
			found[r.Number] = r.item(now)
			j.needed[r.Number] = int64(len(line)) + 1
		}
	}
	for _, it := range found {
		items = append(items, it)
	}
	slices.SortFunc(items, func(a, b *item) int { return int(a.number - b.number) })
	if len(items) == 0 {
		j.clear()
	} else if anew {
		// A file that can't be written now is read once more at the next start.
		_ = j.rewrite(text)
	}
	return items, damaged, nil
}

func (j *journal) shrink() {
	var needed int64
	for _, size := range j.needed {
		needed += size
	}
	if j.size <= 2*needed+slack {
		return
	}
	if text, err := os.ReadFile(j.path); err == nil {
		_ = j.rewrite(text)
	}
}

// rewrite writes the file anew with what is needed of this text.
func (j *journal) rewrite(text []byte) error {
	var needed []byte
	for _, line := range bytes.Split(text, []byte{'\n'}) {
		if r := readRecord(line); r != nil && j.needed[r.Number] > 0 {
			needed = append(append(needed, line...), '\n')
		}
	}
	if err := writeSynced(j.path+".new", needed); err != nil {
		return err
	}
	// Windows replaces no file that is open.
	j.file.Close()
	err := os.Rename(j.path+".new", j.path)
	if err == nil {
		j.size, j.torn = int64(len(needed)), false
	}
	if opened := j.open(); opened != nil {
		return opened
	}
	return err
}

func writeSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}
