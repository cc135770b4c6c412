package otlp

import "encoding/binary"

// The types of fields on the wire (protobuf.dev, Encoding).
const (
	varintType  = 0
	fixed64Type = 1
	bytesType   = 2
	fixed32Type = 5
)

// varint is the size of a number on the wire.
func varint(n int) int {
	size := 1
	for ; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

// fieldSize is the size on the wire of a field with so many bytes in it. Its number is less than 16, as all ours are.
func fieldSize(size int) int { return 1 + varint(size) + size }

// tag begins a field with so many bytes.
func tag(dst []byte, number, kind, size int) []byte {
	return binary.AppendUvarint(append(dst, byte(number<<3|kind)), uint64(size))
}

// message begins a message of so many bytes.
func message(dst []byte, number, size int) []byte { return tag(dst, number, bytesType, size) }

func fixed64(dst []byte, number int, n uint64) []byte {
	return binary.LittleEndian.AppendUint64(append(dst, byte(number<<3|fixed64Type)), n)
}

// keyValue begins a KeyValue of a key and an AnyValue of so many bytes.
func keyValue(dst []byte, number int, key string, size int) []byte {
	dst = message(dst, number, fieldSize(len(key))+fieldSize(size))
	dst = append(message(dst, 1, len(key)), key...)
	return message(dst, 2, size)
}

// attribute appends a KeyValue with a text.
func attribute[T string | []byte](dst []byte, number int, key string, value T) []byte {
	dst = keyValue(dst, number, key, fieldSize(len(value)))
	return append(message(dst, 1, len(value)), value...)
}

// number appends a KeyValue with a whole number that isn't negative.
func number(dst []byte, field int, key string, value int64) []byte {
	dst = keyValue(dst, field, key, 1+varint(int(value)))
	return binary.AppendUvarint(append(dst, 3<<3|varintType), uint64(value))
}

// flag appends a KeyValue with true.
func flag(dst []byte, field int, key string) []byte {
	return append(keyValue(dst, field, key, 2), 2<<3|varintType, 1)
}

// field gives the first field of this number that has bytes; false where there is none, or b is no message.
func field(b []byte, number int) ([]byte, bool) {
	for len(b) > 0 {
		key, kind, rest, value, ok := next(b)
		if !ok {
			return nil, false
		}
		if key == number && kind == bytesType {
			return value, true
		}
		b = rest
	}
	return nil, false
}

// varintField gives the first field of this number that is a varint.
func varintField(b []byte, number int) (uint64, bool) {
	for len(b) > 0 {
		key, kind, rest, value, ok := next(b)
		if !ok {
			return 0, false
		}
		if key == number && kind == varintType {
			n, _ := binary.Uvarint(value)
			return n, true
		}
		b = rest
	}
	return 0, false
}

// next takes the first field of a message.
func next(b []byte) (number, kind int, rest, value []byte, ok bool) {
	head, n := binary.Uvarint(b)
	if n <= 0 || head>>3 > 1<<29 {
		return 0, 0, nil, nil, false
	}
	b, number, kind = b[n:], int(head>>3), int(head&7)
	size, skip := 0, 0
	switch kind {
	case varintType:
		_, size = binary.Uvarint(b)
	case fixed64Type:
		size = 8
	case fixed32Type:
		size = 4
	case bytesType:
		length, k := binary.Uvarint(b)
		if k <= 0 || length > uint64(len(b)-k) {
			return 0, 0, nil, nil, false
		}
		skip, size = k, int(length)
	default:
		return 0, 0, nil, nil, false
	}
	if size < 0 || skip+size > len(b) || kind == varintType && size == 0 {
		return 0, 0, nil, nil, false
	}
	return number, kind, b[skip+size:], b[skip : skip+size], true
}
