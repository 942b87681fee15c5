package eventgrpc

import (
	"context"
	"time"
)

// sender waits until a batch is due, posts it, and settles it by the answer.
type sender struct {
	state     *state
	transport *transport
	context   context.Context
	cancel    context.CancelFunc
	done      chan struct{}
}

func newSender(s *state, t *transport) *sender {
	ctx, cancel := context.WithCancel(context.Background())
	return &sender{s, t, ctx, cancel, make(chan struct{})}
}

// run sends until end is called.
func (s *sender) run() {
	defer close(s.done)
	defer s.transport.close()
	for {
		batch, epoch, told := s.next()
		if len(told) > 0 {
			s.state.callBack(told)
			continue
		}
		if batch == nil {
			return
		}
		said := s.transport.post(s.context, body(batch))
		given := s.settle(batch, epoch, said)
		s.state.callBack(given)
		s.state.logFailure(said.failure)
	}
}

// end cuts the request that is under way, and waits a little until there is nothing any more: OnGivenUp is anybody's.
func (s *sender) end() {
	s.cancel()
	select {
	case <-s.done:
	case <-time.After(time.Second):
	}
}

// next waits for a batch that is due, or events that have expired; nothing at the end.
func (s *sender) next() (batch []*item, epoch int, told []GivenUp) {
	st := s.state
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		st.mu.Lock()
		if st.ended {
			st.mu.Unlock()
			return nil, 0, nil
		}
		items, due, ok := st.batch()
		now := time.Now()
		if ok && !due.After(now) {
			defer st.mu.Unlock()
			if old := st.queue.expired(now); len(old) > 0 {
				return nil, 0, st.giveUp(old, GivenUp{Reason: Expired})
			}
			st.counters.Requests++
			if st.pacing.failedLast {
				st.counters.Retries++
			}
			return items, st.epoch, nil
		}
		st.mu.Unlock()
		var late <-chan time.Time
		if ok {
			timer.Reset(due.Sub(now))
			late = timer.C
		}
		select {
		case <-late:
		case <-st.woken:
		case <-s.context.Done():
		}
	}
}

// settle settles a batch by the answer.
func (s *sender) settle(batch []*item, epoch int, said answer) []GivenUp {
	st := s.state
	st.mu.Lock()
	defer st.mu.Unlock()
	if epoch != st.epoch {
		st.pacing.settled()
		return nil
	}
	defer st.settleWaiters()
	st.again = nil
	st.counters.LastFailure = said.failure
	switch {
	case said.outcome == failed:
		st.again = batch
		st.pacing.failed(time.Now(), said.retryAfter)
		return nil
	case said.outcome == accepted:
		return st.accept(batch, said)
	}
	st.pacing.settled()
	why := GivenUp{Reason: Refused, Message: said.message, Status: said.status}
	if said.outcome == tooLarge {
		if len(batch) > 1 {
			st.division.divide(batch[len(batch)-1].number, len(batch))
			return nil
		}
		why.Reason = TooLarge
	}
	return st.giveUp(batch, why)
}

// accept settles a batch that was accepted, but for what was rejected of it.
func (s *state) accept(batch []*item, said answer) (told []GivenUp) {
	var taken []*item
	waiting := false
	for index, it := range batch {
		why, isRejected := said.rejected[index]
		switch {
		case !isRejected:
			taken = append(taken, it)
		case why.retryable:
			waiting = true
		default:
			told = append(told, s.giveUp([]*item{it}, GivenUp{
				Reason: Rejected, Code: why.code, Message: why.message, Status: said.status,
			})...)
		}
	}
	s.queue.remove(taken)
	s.counters.Accepted += len(taken)
	if waiting {
		s.pacing.failed(time.Now(), said.retryAfter)
	} else {
		s.pacing.succeeded()
	}
	return told
}
