package wire

import (
	"cmp"
	"fmt"
	"slices"
)

// Field writes a member, unless it is at its default.
func Field[T comparable](w *Writer, name string, v T, value func(*Writer, T)) {
	var none T
	if v != none {
		w.Name(name)
		value(w, v)
	}
}

// Optional writes a member that is set.
func Optional[T any](w *Writer, name string, v *T, value func(*Writer, T)) {
	if v != nil {
		w.Name(name)
		value(w, *v)
	}
}

// Present writes what may be nil, if it isn't: any JSON.
func Present(w *Writer, name string, v any) {
	if v != nil {
		w.Name(name)
		Any(w, v)
	}
}

// PresentStruct writes an object that isn't nil.
func PresentStruct(w *Writer, name string, v map[string]any) {
	if v != nil {
		w.Name(name)
		Struct(w, v)
	}
}

// BytesField writes bytes, unless there are none; those that are optional unless they are nil.
func BytesField(w *Writer, name string, v []byte, optional bool) {
	if len(v) > 0 || optional && v != nil {
		w.Name(name)
		Bytes(w, v)
	}
}

// List writes several values, unless there are none.
func List[T any](w *Writer, name string, vs []T, value func(*Writer, T)) {
	if len(vs) == 0 {
		return
	}
	w.Name(name)
	w.Buf = append(w.Buf, '[')
	for _, v := range vs {
		w.comma()
		value(w, v)
	}
	w.Buf = append(w.Buf, ']')
}

// Map writes values by their keys, in the order of these, unless there are none.
func Map[K cmp.Ordered, T any](w *Writer, name string, vs map[K]T, value func(*Writer, T)) {
	if len(vs) == 0 {
		return
	}
	keys := make([]K, 0, len(vs))
	for key := range vs {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	w.Name(name)
	w.Open()
	for _, key := range keys {
		w.Name(fmt.Sprint(key))
		value(w, vs[key])
	}
	w.Close()
}

// BoolMap writes values by true and false, unless there are none.
func BoolMap[T any](w *Writer, name string, vs map[bool]T, value func(*Writer, T)) {
	named := make(map[string]T, len(vs))
	for key, v := range vs {
		named[fmt.Sprint(key)] = v
	}
	Map(w, name, named, value)
}
