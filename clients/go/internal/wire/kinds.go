package wire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Int32 writes a number.
func Int32(w *Writer, v int32) { w.Buf = strconv.AppendInt(w.Buf, int64(v), 10) }

// Uint32 writes a number.
func Uint32(w *Writer, v uint32) { w.Buf = strconv.AppendUint(w.Buf, uint64(v), 10) }

// Int64 writes a number as text.
func Int64(w *Writer, v int64) { w.quotedInt(v) }

// Uint64 writes a number as text.
func Uint64(w *Writer, v uint64) {
	w.Buf = append(w.Buf, '"')
	w.Buf = strconv.AppendUint(w.Buf, v, 10)
	w.Buf = append(w.Buf, '"')
}

// Bool writes true or false.
func Bool(w *Writer, v bool) { w.Buf = strconv.AppendBool(w.Buf, v) }

// String writes a text.
func String(w *Writer, v string) { w.quoted(v) }

// Bytes writes base64.
func Bytes(w *Writer, v []byte) {
	w.Buf = append(w.Buf, '"')
	w.Buf = base64.StdEncoding.AppendEncode(w.Buf, v)
	w.Buf = append(w.Buf, '"')
}

// Float writes a number of 32 bits; not-a-number and the infinities are text.
func Float(w *Writer, v float32) { w.float(float64(v), 32) }

// Double writes a number of 64 bits; not-a-number and the infinities are text.
func Double(w *Writer, v float64) { w.float(v, 64) }

func (w *Writer) float(v float64, bits int) {
	switch {
	case math.IsNaN(v):
		w.quoted("NaN")
	case math.IsInf(v, 1):
		w.quoted("Infinity")
	case math.IsInf(v, -1):
		w.quoted("-Infinity")
	default:
		w.Buf = strconv.AppendFloat(w.Buf, v, 'g', -1, bits)
	}
}

// Time writes RFC 3339 in UTC.
func Time(w *Writer, v time.Time) { w.quoted(v.UTC().Format(time.RFC3339Nano)) }

// Duration writes seconds with an s.
func Duration(w *Writer, v time.Duration) {
	sign := ""
	if v < 0 {
		sign = "-"
	}
	nanos := uint64(v.Abs())
	w.quoted(fmt.Sprintf("%s%d.%09ds", sign, nanos/1e9, nanos%1e9))
}

// Any writes whatever encoding/json takes.
func Any(w *Writer, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		if w.Err == nil {
			w.Err = err
		}
		text = []byte("null")
	}
	w.Buf = append(w.Buf, text...)
}

// Struct writes an object of whatever encoding/json takes.
func Struct(w *Writer, v map[string]any) { Any(w, v) }

// Object writes a message.
func Object[M Message](w *Writer, v M) { v.WriteJSON(w) }

// EnumValue is a value of an enum: its name, or nothing where it has none.
type EnumValue interface {
	~int32
	Name() string
}

// Enum writes the name of a value, or its number if it has none.
func Enum[E EnumValue](w *Writer, v E) {
	if name := v.Name(); name != "" {
		w.quoted(name)
		return
	}
	Int32(w, int32(v))
}
