package main

import (
	"encoding/base64"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// fill sets the fields of a message from proto3 JSON, whose names differ from those of Go in their capitals only.
func fill(message any, fields map[string]any) error {
	into := reflect.ValueOf(message).Elem()
	for name, value := range fields {
		field := into.FieldByNameFunc(func(other string) bool {
			return strings.EqualFold(other, strings.ReplaceAll(name, "_", ""))
		})
		if !field.IsValid() {
			return fmt.Errorf("%s has no field %s", into.Type().Name(), name)
		}
		if err := set(field, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// set sets a field from a value of JSON.
func set(field reflect.Value, value any) error {
	text := fmt.Sprint(value)
	if number, ok := value.(float64); ok {
		text = strconv.FormatFloat(number, 'f', -1, 64)
	}
	switch field.Interface().(type) {
	case []byte:
		bytes, err := base64.StdEncoding.DecodeString(text)
		field.SetBytes(bytes)
		return err
	case time.Time:
		at, err := time.Parse(time.RFC3339Nano, text)
		field.Set(reflect.ValueOf(at))
		return err
	case time.Duration:
		span, err := time.ParseDuration(text)
		field.SetInt(int64(span))
		return err
	}
	switch field.Kind() {
	case reflect.Bool:
		truth, err := strconv.ParseBool(text)
		field.SetBool(truth)
		return err
	case reflect.String:
		field.SetString(text)
	case reflect.Int32, reflect.Int64:
		number, err := strconv.ParseInt(text, 10, field.Type().Bits())
		field.SetInt(number)
		return err
	case reflect.Uint32, reflect.Uint64:
		number, err := strconv.ParseUint(text, 10, field.Type().Bits())
		field.SetUint(number)
		return err
	case reflect.Float32, reflect.Float64:
		number, err := strconv.ParseFloat(text, field.Type().Bits())
		field.SetFloat(number)
		return err
	case reflect.Interface:
		field.Set(reflect.ValueOf(value))
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
		if members, ok := value.(map[string]any); ok {
			return fill(field.Interface(), members)
		}
		return set(field.Elem(), value)
	case reflect.Slice:
		list, _ := value.([]any)
		field.Set(reflect.MakeSlice(field.Type(), len(list), len(list)))
		for i, one := range list {
			if err := set(field.Index(i), one); err != nil {
				return err
			}
		}
	case reflect.Map:
		members, _ := value.(map[string]any)
		field.Set(reflect.MakeMap(field.Type()))
		for name, one := range members {
			key, made := reflect.New(field.Type().Key()).Elem(), reflect.New(field.Type().Elem()).Elem()
			if err := set(key, name); err != nil {
				return err
			}
			if err := set(made, one); err != nil {
				return err
			}
			field.SetMapIndex(key, made)
		}
	default:
		return fmt.Errorf("no value of %s", field.Type())
	}
	return nil
}
