package eventgrpc

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"example.com/event-grpc/clients/go/events"
	"example.com/event-grpc/clients/go/internal/wire"
)

// Details of one event; what is left out is made.
type Details struct {
	// ID is the event's; a UUID of version 7 otherwise.
	ID string
	// Timestamp is when it happened; now otherwise.
	Timestamp time.Time
	// CurrentURL is where it happened.
	CurrentURL string
}

// item is an event that was taken, as it will be sent.
type item struct {
	// number is its place among all that the queue ever held.
	number int64
	id     string
	kind   string
	// header is what it is sent with, as JSON.
	header string
	// event is the event itself, as JSON.
	event []byte
	// taken is when it was taken, with a monotonic clock.
	taken time.Time
	// size is what it counts for in the queue, in bytes.
	size int
	// stored is whether it is in storage.
	stored bool
}

// newItem takes down an event.
func newItem(event events.Event, header string, details Details) (made *item, err error) {
	if event == nil {
		return nil, fmt.Errorf("%w: it is nil", ErrInvalid)
	}
	// Pointers that are nil, and values of maps that panic when they are encoded.
	defer func() {
		if r := recover(); r != nil {
			made, err = nil, fmt.Errorf("%w: it can't be read: %v", ErrInvalid, r)
		}
	}()
	now := time.Now()
	id := details.ID
	if id == "" {
		id = uuid7(now)
	}
	at := details.Timestamp
	if at.IsZero() {
		at = now
	}
	w := &wire.Writer{Buf: make([]byte, 0, 256)}
	w.Open()
	wire.Field(w, "id", id, wire.String)
	w.Name("timestamp")
	wire.Int64(w, at.UnixMilli())
	wire.Field(w, "currentURL", details.CurrentURL, wire.String)
	w.Name(event.EventType())
	event.WriteJSON(w)
	w.Close()
	if w.Err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalid, w.Err)
	}
	return &item{id: id, kind: event.EventType(), header: header, event: w.Buf, taken: now}, nil
}

// encodeHeader is a header as JSON.
func encodeHeader(header *events.Header, limits Limits) (text string, err error) {
	if header == nil {
		return "{}", nil
	}
	w := &wire.Writer{}
	header.WriteJSON(w)
	if w.Err != nil {
		return "", fmt.Errorf("event-grpc: the header is invalid: %w", w.Err)
	}
	if len(w.Buf) > limits.MaxEventBytes {
		return "", fmt.Errorf("event-grpc: the header is %d bytes, more than MaxEventBytes", len(w.Buf))
	}
	return string(w.Buf), nil
}

// uuid7 is a UUID of version 7 (RFC 9562): the time, and 74 random bits.
func uuid7(now time.Time) string {
	var id [16]byte
	// crypto/rand doesn't fail on the systems that Go supports.
	_, _ = rand.Read(id[6:])
	ms := now.UnixMilli()
	for i := range 6 {
		id[i] = byte(ms >> (40 - 8*i))
	}
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
