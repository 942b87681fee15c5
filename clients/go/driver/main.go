// Command driver plays scenarios: commands as lines of JSON, answered with lines of JSON (clients/scenarios/README.md).
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	eventgrpc "example.com/event-grpc/clients/go"
	"example.com/event-grpc/clients/go/events"
)

// command is one line of input.
type command struct {
	Do         string
	Endpoint   string
	Key        string
	Header     map[string]any
	Storage    string
	Consent    eventgrpc.Consent
	Config     map[string]int
	Event      string
	Fields     map[string]any
	ID         string
	Timestamp  string
	CurrentURL string
	Count      int
	IDs        bool
	Pace       int
	Online     bool
	TimeoutMS  int `json:"timeout_ms"`
	MS         int
}

// answer is one line of output.
type answer map[string]any

// reasons are the refusals of Track.
var reasons = map[error]string{
	eventgrpc.ErrQueueFull: eventgrpc.QueueFull,
	eventgrpc.ErrNoConsent: eventgrpc.NoConsent,
	eventgrpc.ErrClosed:    eventgrpc.Closed,
	eventgrpc.ErrInvalid:   eventgrpc.Invalid,
	eventgrpc.ErrStorage:   eventgrpc.Storage,
}

type driver struct {
	client *eventgrpc.Client
	mu     sync.Mutex
	gaveUp []eventgrpc.GivenUp
}

func main() {
	d := &driver{}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var c command
		said := answer{}
		err := json.Unmarshal(lines.Bytes(), &c)
		if err == nil {
			said, err = d.do(&c)
		}
		if err != nil {
			said = answer{"error": err.Error()}
		}
		if err := out.Encode(said); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func (d *driver) do(c *command) (answer, error) {
	ok := answer{"ok": true}
	switch c.Do {
	case "open":
		return ok, d.open(c)
	case "track":
		return d.track(c)
	case "track_many":
		return d.trackMany(c)
	case "header":
		header := &events.Header{}
		if err := fill(header, c.Header); err != nil {
			return nil, err
		}
		return ok, d.client.SetHeader(header)
	case "consent":
		return ok, d.client.SetConsent(c.Consent)
	case "online":
		d.client.SetOnline(c.Online)
		return ok, nil
	case "flush":
		return d.wait(d.client.Flush, c), nil
	case "close":
		return d.wait(d.client.Close, c), nil
	case "counters":
		return d.counters()
	case "sleep":
		time.Sleep(time.Duration(c.MS) * time.Millisecond)
		return ok, nil
	}
	return nil, fmt.Errorf("unknown: %s", c.Do)
}

func (d *driver) open(c *command) (err error) {
	ms := func(name string) time.Duration { return time.Duration(c.Config[name]) * time.Millisecond }
	options := eventgrpc.Options{
		Endpoint: c.Endpoint,
		Key:      c.Key,
		Storage:  c.Storage,
		Consent:  c.Consent,
		OnGivenUp: func(event eventgrpc.GivenUp) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.gaveUp = append(d.gaveUp, event)
		},
		Limits: eventgrpc.Limits{
			MaxEvents:      c.Config["max_events"],
			MaxBytes:       c.Config["max_bytes"],
			MaxEventBytes:  c.Config["max_event_bytes"],
			MaxAge:         ms("max_age_ms"),
			BatchEvents:    c.Config["batch_events"],
			BatchBytes:     c.Config["batch_bytes"],
			BatchWait:      ms("batch_wait_ms"),
			BackoffBase:    ms("backoff_base_ms"),
			BackoffMax:     ms("backoff_max_ms"),
			RequestTimeout: ms("request_timeout_ms"),
		},
	}
	if c.Header != nil {
		options.Header = &events.Header{}
		if err := fill(options.Header, c.Header); err != nil {
			return err
		}
	}
	d.client, err = eventgrpc.Open(options)
	return err
}

func (d *driver) track(c *command) (answer, error) {
	event := events.New(c.Event)
	if event == nil {
		return nil, fmt.Errorf("no event %s", c.Event)
	}
	if err := fill(event, c.Fields); err != nil {
		return nil, err
	}
	details := eventgrpc.Details{ID: c.ID, CurrentURL: c.CurrentURL}
	if c.Timestamp != "" {
		ms, err := strconv.ParseInt(c.Timestamp, 10, 64)
		if err != nil {
			return nil, err
		}
		details.Timestamp = time.UnixMilli(ms)
	}
	id, err := d.client.TrackWith(event, details)
	if err == nil {
		return answer{"taken": true, "id": id}, nil
	}
	for refusal, reason := range reasons {
		if errors.Is(err, refusal) {
			return answer{"taken": false, "reason": reason, "message": err.Error()}, nil
		}
	}
	return nil, err
}

func (d *driver) trackMany(c *command) (answer, error) {
	ids := []any{}
	refused := 0
	for number := range c.Count {
		fields := map[string]any{}
		for name, value := range c.Fields {
			fields[name] = value
		}
		fields["productId"] = strconv.Itoa(number)
		one := &command{Event: c.Event, Fields: fields}
		said, err := d.track(one)
		for err == nil && said["reason"] == eventgrpc.QueueFull {
			refused++
			time.Sleep(5 * time.Millisecond)
			said, err = d.track(one)
		}
		if err != nil {
			return nil, err
		}
		if said["taken"] == true {
			ids = append(ids, said["id"])
		}
		time.Sleep(time.Duration(c.Pace) * time.Millisecond)
	}
	said := answer{"taken": len(ids), "refused": refused}
	if c.IDs {
		said["ids"] = ids
	}
	return said, nil
}

func (d *driver) wait(wait func(context.Context) error, c *command) answer {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(c.TimeoutMS)*time.Millisecond)
	defer cancel()
	return answer{"settled": wait(ctx) == nil}
}

func (d *driver) counters() (answer, error) {
	text, err := json.Marshal(d.client.Counters())
	if err != nil {
		return nil, err
	}
	said := answer{}
	err = json.Unmarshal(text, &said)
	d.mu.Lock()
	defer d.mu.Unlock()
	said["gave_up"] = append([]eventgrpc.GivenUp{}, d.gaveUp...)
	return said, err
}
