package eventgrpc

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// waiter is a call of Flush that waits; it gets what Flush returns.
type waiter chan error

// state is the state of a client. All of it is used with mu held.
type state struct {
	options  *Options
	mu       sync.Mutex
	woken    chan struct{}
	queue    *queue
	counters Counters
	consent  Consent
	online   bool
	header   string
	// closed: no event is taken any more. ended: nothing is sent any more.
	closed, ended bool
	pacing        pacing
	division      division
	// again is the batch that failed, which is sent again as it is.
	again []*item
	// epoch is raised when an answer that is awaited changes nothing any more.
	epoch int
	// atOnce: events up to this number don't wait for others.
	atOnce  int64
	waiters []waiter
	// calling is how many events have yet to be told of.
	calling int
	// fillsAt is how many events fill the batch that waits for others; 0 if none waits.
	fillsAt int
	// told are the kinds of failures, and the reasons, that were logged.
	told map[string]bool
}

func newState(o *Options, q *queue) *state {
	return &state{
		options:  o,
		woken:    make(chan struct{}, 1),
		queue:    q,
		counters: Counters{Refused: map[string]int{}, GivenUp: map[string]int{}},
		consent:  o.Consent,
		online:   true,
		pacing:   pacing{limits: o.Limits},
		told:     map[string]bool{},
	}
}

// wake lets the sender look at the state again.
func (s *state) wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

// refusal is why no event is taken now.
func (s *state) refusal() (reason string, err error) {
	switch {
	case s.closed:
		return Closed, ErrClosed
	case s.consent == Denied:
		return NoConsent, ErrNoConsent
	}
	return "", nil
}

// take puts an event into the queue.
func (s *state) take(it *item) (reason string, err error) {
	if reason, err := s.refusal(); err != nil {
		return reason, err
	}
	if !s.queue.hasRoomFor(it) {
		return QueueFull, ErrQueueFull
	}
	if err := s.queue.push(it, s.consent == Granted); err != nil {
		return Storage, fmt.Errorf("%w: %w", ErrStorage, err)
	}
	s.counters.Taken++
	if s.mayBeDue(it) {
		s.wake()
	}
	return "", nil
}

// batch is the events that are sent next, and when; false for not at all as things are.
func (s *state) batch() (items []*item, due time.Time, ok bool) {
	s.fillsAt = 0
	if len(s.queue.items) == 0 || s.consent != Granted || !s.online {
		return nil, time.Time{}, false
	}
	if len(s.again) > 0 {
		return s.again, s.pacing.until, true
	}
	limits := &s.options.Limits
	first := s.queue.items[0]
	most := s.division.most(first.number, limits.BatchEvents)
	items, full := front(s.queue.items, most, limits.BatchBytes)
	due = s.pacing.until
	if !full && len(s.waiters) == 0 && first.number > s.atOnce {
		s.fillsAt = most
		if waited := first.taken.Add(limits.BatchWait); waited.After(due) {
			due = waited
		}
	}
	return items, due, true
}

// mayBeDue is whether it is worth it to look at batch again after this event was taken.
func (s *state) mayBeDue(it *item) bool {
	count := len(s.queue.items)
	if count == 1 || s.fillsAt == 0 {
		return count == 1
	}
	size := s.queue.bytes + len(it.header) + count + around
	return count >= s.fillsAt || size > s.options.Limits.BatchBytes || it.header != s.queue.items[0].header
}

// hurry lets what is queued go out at once, but not before what the server asked for.
func (s *state) hurry() {
	s.pacing.cut()
	s.atOnce = s.queue.last
}

// giveUp removes events from the queue. callBack has to be called with what it returns, without the lock.
func (s *state) giveUp(items []*item, why GivenUp) (told []GivenUp) {
	for _, it := range items {
		one := why
		one.ID, one.Type = it.id, it.kind
		told = append(told, one)
	}
	s.again = slices.DeleteFunc(slices.Clone(s.again), func(it *item) bool { return slices.Contains(items, it) })
	s.counters.GivenUp[why.Reason] += len(items)
	s.queue.remove(items)
	s.calling += len(told)
	return told
}

// callBack tells of events that were given up. This alone is called without the lock.
func (s *state) callBack(told []GivenUp) {
	if len(told) == 0 {
		return
	}
	for _, event := range told {
		s.tell(event)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calling -= len(told)
	s.settleWaiters()
}

func (s *state) tell(event GivenUp) {
	if s.options.OnGivenUp == nil {
		s.log(event)
		return
	}
	defer func() {
		if r := recover(); r != nil {
			slog.Error("event-grpc: OnGivenUp panicked", "panic", r)
		}
	}()
	s.options.OnGivenUp(event)
}

// isFirst is whether nothing was logged of this kind yet.
func (s *state) isFirst(kind string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.told[kind]
	s.told[kind] = true
	return !before
}

// logFailure tells of the first failure of each kind, but not of what close cuts.
func (s *state) logFailure(failure string) {
	kind, _, _ := strings.Cut(failure, ":")
	s.mu.Lock()
	quiet := kind == "" || s.ended
	s.mu.Unlock()
	if !quiet && s.isFirst(kind) {
		slog.Warn("event-grpc: a request failed; its events wait and are sent again. More of these are counted",
			"endpoint", s.options.Endpoint, "failure", failure)
	}
}

// log tells of the first event of each reason.
func (s *state) log(event GivenUp) {
	if s.isFirst(event.Reason) {
		slog.Warn("event-grpc: gave up an event; more of these are counted, and told to OnGivenUp",
			"type", event.Type, "reason", event.Reason, "status", event.Status, "message", event.Message)
	}
}

// settled is what Flush returns now; false if it has to wait.
func (s *state) settled() (bool, error) {
	switch {
	case len(s.queue.items) == 0:
		return s.calling == 0, nil
	case s.ended:
		return true, ErrClosed
	case s.consent != Granted:
		return true, ErrNoConsent
	case !s.online:
		return true, ErrOffline
	}
	return false, nil
}

// settleWaiters answers those who wait in Flush, if there is an answer.
func (s *state) settleWaiters() {
	settled, err := s.settled()
	if !settled {
		return
	}
	for _, w := range s.waiters {
		w <- err
	}
	s.waiters = nil
}

// forget forgets a call of Flush whose context has ended.
func (s *state) forget(w waiter) {
	s.waiters = slices.DeleteFunc(s.waiters, func(other waiter) bool { return other == w })
}

// end ends all activity; what isn't in storage is given up.
func (s *state) end() []GivenUp {
	s.ended = true
	s.epoch++
	var left []*item
	for _, it := range s.queue.items {
		if !it.stored {
			left = append(left, it)
		}
	}
	told := s.giveUp(left, GivenUp{Reason: Closed})
	s.queue.close()
	s.settleWaiters()
	return told
}
