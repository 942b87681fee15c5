package eventgrpc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"
	"time"
)

// record is one line of a journal: an event and its number, or numbers of events that were settled.
type record struct {
	Number int64           `json:"n,omitempty"`
	At     int64           `json:"at,omitempty"`
	Type   string          `json:"type,omitempty"`
	ID     string          `json:"id,omitempty"`
	Header json.RawMessage `json:"header,omitempty"`
	Event  json.RawMessage `json:"event,omitempty"`
	Gone   []int64         `json:"gone,omitempty"`
}

// line is a record as it is written: the CRC-32 of its JSON in 8 digits, a space, the JSON.
func (r *record) line() ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		return nil, err
	}
	sum := crc32.ChecksumIEEE(bytes.TrimSuffix(text.Bytes(), []byte{'\n'}))
	return append(fmt.Appendf(nil, "%08x ", sum), text.Bytes()...), nil
}

// readRecord reads a line; nil if it is damaged.
func readRecord(line []byte) *record {
	if len(line) < 10 || line[8] != ' ' {
		return nil
	}
	sum, err := strconv.ParseUint(string(line[:8]), 16, 32)
	if err != nil || uint32(sum) != crc32.ChecksumIEEE(line[9:]) {
		return nil
	}
	r := &record{}
	if json.Unmarshal(line[9:], r) != nil || len(r.Gone) == 0 && len(r.Event) == 0 {
		return nil
	}
	return r
}

// recordOf is the record of an event.
func recordOf(it *item) *record {
	return &record{
		Number: it.number,
		At:     it.taken.UnixMilli(),
		Type:   it.kind,
		ID:     it.id,
		Header: json.RawMessage(it.header),
		Event:  it.event,
	}
}

// item is the event of a record.
func (r *record) item(now time.Time) *item {
	age := max(0, now.Sub(time.UnixMilli(r.At)))
	return &item{
		number: r.Number,
		id:     r.ID,
		kind:   r.Type,
		header: string(r.Header),
		event:  r.Event,
		// So that the clock which measures its age is the monotonic one.
		taken:  now.Add(-age),
		size:   len(r.Event),
		stored: true,
	}
}
