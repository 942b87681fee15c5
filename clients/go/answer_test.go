package eventgrpc

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestRetryAfterIsSecondsOrADateByTheServersClock(t *testing.T) {
	for _, c := range []struct {
		after, date string
		expected    time.Duration
	}{
		{"12", "", 12 * time.Second},
		{"99999999999999999999", "", time.Hour},
		{"Wed, 21 Oct 2026 07:28:30 GMT", "Wed, 21 Oct 2026 07:28:00 GMT", 30 * time.Second},
		{"Wed, 21 Oct 2015 07:28:00 GMT", "", 0},
		{"", "", 0}, {"-1", "", 0}, {"1.5", "", 0}, {"soon", "", 0},
	} {
		header := http.Header{"Retry-After": {c.after}, "Date": {c.date}}
		if got := retryAfter(header); got != c.expected {
			t.Errorf("%q: %v", c.after, got)
		}
	}
}

func TestRejectedEvents(t *testing.T) {
	said := readAnswer(200, nil, []byte(`{"status": "SUCCESS", "rejected": [{"code": "A"}, {"index": "1"},
		{"index": true}, {"index": null}, {"index": 1.5}, {"index": 1e300}, {"index": 2.0, "retryable": true},
		{"index": 3, "retryable": "yes"}, 7, null]}`), "")
	if got := fmt.Sprint(said.rejected); got != "map[0:{false A } 2:{true  } 3:{false  }]" {
		t.Error(got)
	}
}

func TestAKeyIsNeverPartOfWhatIsTold(t *testing.T) {
	said := readAnswer(400, nil, []byte(strings.Repeat("x", 995)+"secret-key"), "secret-key")
	if strings.Contains(said.message, "sec") || len(said.message) > longestMessage {
		t.Error(said.message)
	}
}

func TestHostileAnswersAreNone(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("[", 100_000), `{"status":"SUCCESS"`, "\xff", "null", `{"STATUS":"SUCCESS"}`,
	} {
		if said := readAnswer(200, nil, []byte(text), ""); said.outcome != failed {
			t.Errorf("%.20q: %v", text, said.outcome)
		}
	}
}

func TestPausesGrowUpToTheirBound(t *testing.T) {
	p := pacing{limits: Limits{}.orDefaults()}
	now := time.Now()
	for n := range 2000 {
		p.failed(now, 0)
		if pause := p.until.Sub(now); pause < 0 || pause > min(10*time.Minute, time.Second<<min(n, 20)) {
			t.Fatalf("%d: %v", n, pause)
		}
	}
	p.failed(now, 100*time.Hour)
	p.cut()
	if pause := p.until.Sub(now); pause != time.Hour {
		t.Errorf("%v", pause)
	}
}

func TestADivisionHoldsUntilItsBatchIsSettled(t *testing.T) {
	var d division
	d.divide(50, 50)
	d.divide(25, 25)
	var got []int
	for _, first := range []int64{1, 25, 26, 50, 51} {
		got = append(got, d.most(first, 50))
	}
	if fmt.Sprint(got) != "[12 12 25 25 50]" {
		t.Error(got)
	}
}

func TestEventsGoTogetherUpToTheBounds(t *testing.T) {
	items := func(headers ...string) (made []*item) {
		for _, header := range headers {
			made = append(made, &item{header: header, event: []byte("0123456789")})
		}
		return made
	}
	three := items("{}", "{}", "{}")
	exactly := len(body(three))
	for _, c := range []struct {
		items         []*item
		events, bytes int
		expected      int
		full          bool
	}{
		{three, 50, 1000, 3, false},
		{three, 3, 1000, 3, true},
		{items("{}", "{}", "{ }"), 50, 1000, 2, true},
		{three, 50, exactly, 3, true},
		{three, 50, exactly - 1, 2, true},
		{three, 50, 1, 1, true},
	} {
		if batch, full := front(c.items, c.events, c.bytes); len(batch) != c.expected || full != c.full {
			t.Errorf("%+v: %d %v", c, len(batch), full)
		}
	}
}
