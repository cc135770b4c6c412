package log

import (
	"fmt"
	"reflect"
)

// Limits for a value that is given to package fmt.
const (
	maxNesting = 200
	maxParts   = 100_000
)

// formattable reports whether package fmt can print v. In a map or slice that contains itself, fmt goes round until the stack overflows, which
// ends the process: nothing can recover from it. (encoding/json, which makes the JSON lines, returns an error.)
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

// nests reports whether a value of this kind may contain others. It spares the walk through bytes.
func nests(k reflect.Kind) bool {
	switch k {
	case reflect.Interface, reflect.Map, reflect.Slice, reflect.Array, reflect.Struct:
		return true
	}
	return false
}
