package console

import (
	"strconv"
	"testing"
)

// TestConsoleSignalArguments: whatever stands in the place of a pid, no console but a program's gets the signal, least of all the
// one that this test has.
func TestConsoleSignalArguments(t *testing.T) {
	for _, args := range [][]string{
		nil, {"c"}, {"c", "1", "2"}, {"c", ""}, {"c", "-1"}, {"c", "x"}, {"c", "0"}, {"c", "4294967295"}, {"break", "4294967295"},
		{"c", strconv.FormatUint(1<<32|4, 10)}, {"c", "18446744073709551616"}, {"", "4"}, {"C", "4"}, {"kill", "4"}, {"close", ""}, {"close", "-1"}, {"close", "0"},
	} {
		if code := Main(args); code != failed && code != 2 {
			t.Errorf("%q: exit code %d", args, code)
		}
	}
}

// FuzzPID: nothing but a process' number of 32 bits is one.
func FuzzPID(f *testing.F) {
	for _, n := range []uint64{0, 4, 1<<32 - 2, 1<<32 - 1, 1 << 32, 1<<32 + 4} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n uint64) {
		if isPID(n) && (n != uint64(uint32(n)) || int32(n) == -1 || n == 0) {
			t.Errorf("%d is taken for a pid", n)
		}
	})
}
