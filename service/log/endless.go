package log

import (
	"fmt"
	"reflect"
)

// What a value that is logged may have at the most for package fmt to be trusted with it.
const (
	maxNesting = 200
	maxParts   = 100_000
)

// formattable reports whether package fmt can print v. It goes round in a map or slice that contains itself until the stack overflows,
// which ends the process and nothing can recover from (encoding/json, and so the JSON lines, say an error).
func formattable(v any) bool {
	switch v.(type) {
	case error, fmt.Stringer, fmt.Formatter: // it prints itself
		return true
	}
	parts := 0
	return finite(reflect.ValueOf(v), 0, &parts)
}

func finite(v reflect.Value, depth int, parts *int) bool {
	if *parts++; *parts > maxParts || depth > maxNesting {
		return false
	}
	switch v.Kind() {
	case reflect.Interface:
		return v.IsNil() || finite(v.Elem(), depth+1, parts)
	case reflect.Pointer: // fmt follows the outermost alone
		return depth > 0 || v.IsNil() || finite(v.Elem(), 1, parts)
	case reflect.Map:
		for i := v.MapRange(); i.Next(); {
			if !finite(i.Key(), depth+1, parts) || !finite(i.Value(), depth+1, parts) {
				return false
			}
		}
	case reflect.Slice, reflect.Array:
		for i := 0; nests(v.Type().Elem().Kind()) && i < v.Len(); i++ {
			if !finite(v.Index(i), depth+1, parts) {
				return false
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if !finite(v.Field(i), depth+1, parts) {
				return false
			}
		}
	}
	return true
}

// nests tells the kinds that may contain others; no long walk through bytes.
func nests(k reflect.Kind) bool {
	switch k {
	case reflect.Interface, reflect.Map, reflect.Slice, reflect.Array, reflect.Struct:
		return true
	}
	return false
}
