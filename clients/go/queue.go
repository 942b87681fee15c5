package eventgrpc

import "time"

// queue holds events until they are settled, in memory and, where there is storage, in a file. Who uses it holds a lock.
type queue struct {
	limits  Limits
	journal *journal
	items   []*item
	bytes   int
	last    int64
}

// newQueue is a queue with what was found in storage.
func newQueue(limits Limits, j *journal, found []*item) *queue {
	q := &queue{limits: limits, journal: j}
	for _, it := range found {
		q.add(it)
	}
	return q
}

// hasRoomFor is whether an event fits into the limits.
func (q *queue) hasRoomFor(it *item) bool {
	it.size = len(it.event)
	// Events share their header; the first one that has it counts it.
	if len(q.items) == 0 || q.items[len(q.items)-1].header != it.header {
		it.size += len(it.header)
	}
	return len(q.items) < q.limits.MaxEvents && q.bytes+it.size <= q.limits.MaxBytes
}

// push takes an event, into storage too if that is asked for.
func (q *queue) push(it *item, store bool) error {
	it.number = q.last + 1
	if store && q.journal != nil {
		if err := q.journal.append(it); err != nil {
			return err
		}
	}
	q.add(it)
	return nil
}

// store writes to storage what isn't there yet. What can't be written stays in memory.
func (q *queue) store() {
	for _, it := range q.items {
		if q.journal != nil && !it.stored && q.journal.append(it) != nil {
			return
		}
	}
}

// remove removes events that were settled.
func (q *queue) remove(gone []*item) {
	if len(gone) == 0 {
		return
	}
	numbers := make(map[int64]bool, len(gone))
	for _, it := range gone {
		numbers[it.number] = true
		q.bytes -= it.size
	}
	// A new list: batches are parts of the old one.
	kept := make([]*item, 0, len(q.items))
	for _, it := range q.items {
		if !numbers[it.number] {
			kept = append(kept, it)
		}
	}
	q.items = kept
	if q.journal != nil {
		q.journal.settled(gone)
	}
}

// expired are the events that are too old.
func (q *queue) expired(now time.Time) (old []*item) {
	for _, it := range q.items {
		if now.Sub(it.taken) > q.limits.MaxAge {
			old = append(old, it)
		}
	}
	return old
}

// close lets go of the storage; what is in it stays there.
func (q *queue) close() {
	if q.journal != nil {
		q.journal.close()
		q.journal = nil
	}
}

func (q *queue) add(it *item) {
	q.items = append(q.items, it)
	q.bytes += it.size
	q.last = max(q.last, it.number)
}
