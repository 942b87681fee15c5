package wire

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

type colour int32

func (c colour) Name() string {
	if c == 1 {
		return "COLOUR_RED"
	}
	return ""
}

type inner struct{ size int32 }

func (m *inner) WriteJSON(w *Writer) {
	w.Open()
	Field(w, "size", m.size, Int32)
	w.Close()
}

func TestEachKindHasItsForm(t *testing.T) {
	zero := int64(0)
	second := -1500 * time.Millisecond
	var none *inner
	for expected, write := range map[string]func(*Writer){
		`{"a":"18446744073709551615"}`: func(w *Writer) { Field(w, "a", uint64(math.MaxUint64), Uint64) },
		`{"a":"-9223372036854775808"}`: func(w *Writer) { Field(w, "a", int64(math.MinInt64), Int64) },
		`{"a":["1","0"]}`:              func(w *Writer) { List(w, "a", []int64{1, 0}, Int64) },
		`{"a":"NaN"}`:                  func(w *Writer) { Field(w, "a", math.NaN(), Double) },
		`{"a":"-Infinity"}`:            func(w *Writer) { Field(w, "a", float32(math.Inf(-1)), Float) },
		`{"a":19.99}`:                  func(w *Writer) { Field(w, "a", float32(19.99), Float) },
		`{"a":"+/8="}`:                 func(w *Writer) { BytesField(w, "a", []byte{0xfb, 0xff}, false) },
		`{"a":""}`:                     func(w *Writer) { BytesField(w, "a", []byte{}, true) },
		`{"a":"COLOUR_RED"}`:           func(w *Writer) { Field(w, "a", colour(1), Enum) },
		`{"a":7}`:                      func(w *Writer) { Field(w, "a", colour(7), Enum) },
		`{"a":"0"}`:                    func(w *Writer) { Optional(w, "a", &zero, Int64) },
		`{"a":[{},{"size":1}]}`:        func(w *Writer) { List(w, "a", []*inner{{}, {1}}, Object) },
		`{"a":{"-1":"x","2":"y"}}`:     func(w *Writer) { Map(w, "a", map[int64]string{2: "y", -1: "x"}, String) },
		`{"a":{"true":1}}`:             func(w *Writer) { BoolMap(w, "a", map[bool]int32{true: 1}, Int32) },
		`{"a":"-1.500000000s"}`:        func(w *Writer) { Optional(w, "a", &second, Duration) },
		`{"a":"2026-01-02T03:04:05Z"}`: func(w *Writer) { Field(w, "a", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Time) },
		`{"a":{"b":null}}`:             func(w *Writer) { PresentStruct(w, "a", map[string]any{"b": nil}) },
		`{}`: func(w *Writer) {
			Field(w, "a", 0, Int32)
			Field(w, "a", none, Object)
			Field(w, "a", time.Time{}, Time)
			List(w, "a", []string{}, String)
			Map(w, "a", map[string]string{}, String)
			BytesField(w, "a", []byte{}, false)
			Present(w, "a", nil)
			PresentStruct(w, "a", nil)
		},
	} {
		w := &Writer{}
		w.Open()
		write(w)
		w.Close()
		if got := string(w.Buf); got != expected || w.Err != nil {
			t.Errorf("%s, expected %s, %v", got, expected, w.Err)
		}
	}
}

func TestWhatCantBeWrittenIsAnError(t *testing.T) {
	w := &Writer{}
	PresentStruct(w, "a", map[string]any{"b": make(chan int)})
	if w.Err == nil {
		t.Error(string(w.Buf))
	}
}

func TestTextsAreReadAsTheyWereWritten(t *testing.T) {
	parts := []string{"", "a", `"`, `\`, "\n", "\x00", "\x1f", "\x7f", "ü", "🛒", "\u2028", "\xff", "\xed\xa0\xbd", "<&>", "\ufffd"}
	for range 1000 {
		var text strings.Builder
		for range rand.IntN(8) {
			text.WriteString(parts[rand.IntN(len(parts))])
		}
		w := &Writer{}
		String(w, text.String())
		var read, expected string
		if err := json.Unmarshal(w.Buf, &read); err != nil {
			t.Fatalf("%q: %v", w.Buf, err)
		}
		for _, r := range text.String() {
			expected += string(r)
		}
		if read != expected {
			t.Errorf("%q is read as %q", text.String(), read)
		}
	}
}
