package eventgrpc

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longestMessage is how much is kept of what a server says.
const longestMessage = 1_000

// outcome is what becomes of a batch.
type outcome int

const (
	failed outcome = iota
	accepted
	tooLarge
	refused
)

// answer is what an answer means; none at all is its zero value.
type answer struct {
	outcome    outcome
	status     int
	message    string
	retryAfter time.Duration
	// failure is why the batch is sent again, in a few words; empty if it isn't.
	failure string
	// rejected are events that weren't accepted, by their place in the batch.
	rejected map[int]rejection
}

// rejection is why the server didn't take an event.
type rejection struct {
	retryable     bool
	code, message string
}

// readAnswer reads an answer. The key is in nothing that is kept of it, also where a server repeats it.
func readAnswer(status int, header http.Header, text []byte, key string) answer {
	a := answer{status: status}
	var said map[string]any
	// What isn't a JSON object says nothing.
	_ = json.Unmarshal(text, &said)
	switch {
	case status == http.StatusOK && said["status"] == "SUCCESS":
		a.outcome = accepted
		a.rejected = rejections(said["rejected"], key)
	case status == http.StatusRequestEntityTooLarge:
		a.outcome = tooLarge
	case status == http.StatusRequestTimeout, status == http.StatusTooManyRequests:
	case status >= 400 && status < 500:
		a.outcome = refused
	}
	// What isn't the server's answer says nothing of when to come back.
	if a.outcome == accepted || status >= 400 {
		a.retryAfter = retryAfter(header)
	}
	switch {
	case a.outcome == failed && status >= 400:
		a.failure = fmt.Sprintf("status %d", status)
	case a.outcome == failed:
		a.failure = fmt.Sprintf("status %d, but not the server's answer", status)
	case a.outcome == tooLarge || a.outcome == refused:
		a.message = cmp.Or(shortened(said["message"], key), shortened(said["error"], key), shortened(string(text), key))
	}
	return a
}

func rejections(listed any, key string) map[int]rejection {
	found := map[int]rejection{}
	list, _ := listed.([]any)
	for _, entry := range list {
		event, ok := entry.(map[string]any)
		if !ok {
			continue
		}
		index, ok := event["index"].(float64)
		// proto3 JSON leaves out what is 0.
		if _, there := event["index"]; there && (!ok || index != math.Trunc(index) || math.Abs(index) > math.MaxInt32) {
			continue
		}
		if _, twice := found[int(index)]; !twice {
			retryable, _ := event["retryable"].(bool)
			found[int(index)] = rejection{retryable, shortened(event["code"], key), shortened(event["reason"], key)}
		}
	}
	return found
}

// retryAfter is what Retry-After asks for: a number of seconds, or a date by the server's own clock.
func retryAfter(header http.Header) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if text != "" && strings.Trim(text, "0123456789") == "" {
		seconds, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return longestRetryAfter
		}
		return time.Duration(seconds) * time.Second
	}
	until, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		now = time.Now()
	}
	return max(0, until.Sub(now))
}

func shortened(said any, key string) string {
	text, _ := said.(string)
	if key != "" {
		text = strings.ReplaceAll(text, key, "[key]")
	}
	if len(text) > longestMessage {
		text = text[:longestMessage]
	}
	return strings.TrimSpace(strings.ToValidUTF8(text, ""))
}
