package eventgrpc

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func stored(n int64) *item {
	return &item{number: n, id: "e", kind: "t", header: `{"os":"<a>"}`, event: []byte(`{"a":"<ü\u2028>"}`), taken: time.Now()}
}

func TestWhatIsReadIsWhatWasWritten(t *testing.T) {
	folder := t.TempDir()
	j, _, _, err := openJournal(folder)
	if err != nil {
		t.Fatal(err)
	}
	for n := range int64(4) {
		if err := j.append(stored(n + 1)); err != nil {
			t.Fatal(err)
		}
	}
	j.settled([]*item{stored(2)})
	j.close()
	file, err := os.OpenFile(filepath.Join(folder, "events"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	file.WriteString("00000000 {}\nhalf a rec")
	file.Close()

	for round, damaged := range []int{2, 0} {
		j, found, got, err := openJournal(folder)
		if err != nil || got != damaged || len(found) != 3 {
			t.Fatalf("%d: %v, %d damaged, %d found", round, err, got, len(found))
		}
		for i, number := range []int64{1, 3, 4} {
			want := stored(number)
			if it := found[i]; it.number != number || it.header != want.header || string(it.event) != string(want.event) {
				t.Errorf("%+v", it)
			}
		}
		j.close()
	}
}

func TestARecordThatWasCutHarmsNoOther(t *testing.T) {
	folder := t.TempDir()
	j, _, _, err := openJournal(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.append(stored(1)); err != nil {
		t.Fatal(err)
	}
	// As if a write had failed in its middle, and the file couldn't be cut either.
	j.file.WriteString("00000000 {\"n\":")
	j.torn = true
	if err := j.append(stored(2)); err != nil {
		t.Fatal(err)
	}
	j.close()
	j, found, damaged, err := openJournal(folder)
	if err != nil || len(found) != 2 || damaged != 1 {
		t.Errorf("%v, %d found, %d damaged", err, len(found), damaged)
	}
	j.close()
}

func TestAStorageThatFailsRefusesTheEvent(t *testing.T) {
	folder := t.TempDir()
	j, _, _, err := openJournal(folder)
	if err != nil {
		t.Fatal(err)
	}
	q := newQueue(Limits{}.orDefaults(), j, nil)
	j.file.Close()
	if err := q.push(stored(0), true); err == nil || len(q.items) != 0 {
		t.Errorf("%v, %d in the queue", err, len(q.items))
	}
}
