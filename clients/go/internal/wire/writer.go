// Package wire writes messages as proto3 JSON: 64-bit integers as text, what is at its default left out.
package wire

import (
	"strconv"
	"unicode/utf8"
)

// Writer appends JSON to a buffer. Its first error stays.
type Writer struct {
	// Buf is what was written.
	Buf []byte
	// Err is what went wrong first.
	Err error
}

// Message is what can be written as a JSON object.
type Message interface {
	WriteJSON(w *Writer)
}

// Open begins an object.
func (w *Writer) Open() {
	w.Buf = append(w.Buf, '{')
}

// Close ends an object.
func (w *Writer) Close() {
	w.Buf = append(w.Buf, '}')
}

// Name begins a member of an object.
func (w *Writer) Name(name string) {
	w.comma()
	w.quoted(name)
	w.Buf = append(w.Buf, ':')
}

// comma separates members and elements; nothing stands before the first.
func (w *Writer) comma() {
	if n := len(w.Buf); n > 0 && w.Buf[n-1] != '{' && w.Buf[n-1] != '[' {
		w.Buf = append(w.Buf, ',')
	}
}

// quoted appends a text. What isn't UTF-8 in it becomes U+FFFD.
func (w *Writer) quoted(text string) {
	buf := append(w.Buf, '"')
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			buf = utf8.AppendRune(buf, r)
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			buf = append(buf, '\\', c)
		case c == '\n':
			buf = append(buf, '\\', 'n')
		case c < 0x20:
			const digits = "0123456789abcdef"
			buf = append(buf, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			buf = append(buf, c)
		}
		i++
	}
	w.Buf = append(buf, '"')
}

// quotedInt appends a number as text.
func (w *Writer) quotedInt(v int64) {
	w.Buf = append(w.Buf, '"')
	w.Buf = strconv.AppendInt(w.Buf, v, 10)
	w.Buf = append(w.Buf, '"')
}
