package eventgrpc

import (
	"math/rand/v2"
	"time"
)

// longestRetryAfter is what more than it counts as.
const longestRetryAfter = time.Hour

// pacing is the pause after failures.
type pacing struct {
	limits Limits
	row    int
	floor  time.Time
	// until is when the next request may go out.
	until time.Time
	// failedLast is whether the last answer was a failure.
	failedLast bool
}

// failed begins a pause with full jitter, of at least what the server asked for.
func (p *pacing) failed(now time.Time, retryAfter time.Duration) {
	longest := p.limits.BackoffBase
	for i := 0; i < p.row && longest < p.limits.BackoffMax; i++ {
		longest *= 2
	}
	longest = min(longest, p.limits.BackoffMax)
	p.row++
	p.floor = now.Add(min(retryAfter, longestRetryAfter))
	p.until = now.Add(time.Duration(rand.Float64() * float64(longest)))
	if p.until.Before(p.floor) {
		p.until = p.floor
	}
	p.failedLast = true
}

// succeeded ends the row of failures.
func (p *pacing) succeeded() {
	*p = pacing{limits: p.limits}
}

// settled notes an answer that is neither: there is no pause, and the row goes on.
func (p *pacing) settled() {
	p.failedLast = false
}

// cut ends the pause, but not before what the server asked for.
func (p *pacing) cut() {
	if p.floor.Before(p.until) {
		p.until = p.floor
	}
}

// division is the batches that were too large: until each is settled, batches have at most half as many events.
type division []struct {
	last   int64
	events int
}

// divide notes that a batch of so many events was too large, whose last one has this number.
func (d *division) divide(last int64, events int) {
	*d = append(*d, struct {
		last   int64
		events int
	}{last, max(1, events/2)})
}

// most is how many events a batch may have that begins with this number.
func (d *division) most(first int64, otherwise int) int {
	kept := (*d)[:0]
	for _, part := range *d {
		if part.last >= first {
			kept = append(kept, part)
			otherwise = min(otherwise, part.events)
		}
	}
	*d = kept
	return otherwise
}
