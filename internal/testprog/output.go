package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"
)

// flood writes n numbered lines of size bytes each, newline included: a lost, doubled or torn one shows.
func flood(f *flag.FlagSet, args []string) (int, error) {
	n := f.Int64("n", 0, "lines; 0: for ever")
	size := f.Int("size", 120, "bytes of a line, at least 12 (the number and the newline)")
	chunk := f.Int("chunk", 64<<10, "bytes of one write, about")
	rate := f.Float64("rate", 0, "lines a second; 0: as many as go")
	hold := f.Bool("hold", false, "hang afterwards")
	if err := f.Parse(args); err != nil {
		return 0, err
	}
	if *size < 12 || *size > 64<<20 {
		return 0, errors.New("-size must be 12 to 64 Mi")
	}
	lines := max(*chunk / *size, 1)
	buf := make([]byte, 0, lines**size)
	begin := time.Now()
	for i := int64(0); *n == 0 || i < *n; {
		buf = buf[:0]
		for range lines {
			if *n != 0 && i >= *n {
				break
			}
			buf = appendLine(buf, i, *size)
			i++
		}
		if _, err := os.Stdout.Write(buf); err != nil {
			return 0, err
		}
		if *rate > 0 {
			time.Sleep(time.Until(begin.Add(time.Duration(float64(i) / *rate * float64(time.Second)))))
		}
	}
	if *hold {
		hang()
	}
	return 0, nil
}

// appendLine appends line number i: ten digits, then a pattern up to size bytes with the newline.
func appendLine(buf []byte, i int64, size int) []byte {
	const pattern = " the quick brown daruma falls seven times and stands up eight,"
	start := len(buf)
	var digits [20]byte
	d := strconv.AppendInt(digits[:0], i, 10)
	for range 10 - len(d) {
		buf = append(buf, '0')
	}
	buf = append(buf, d...)
	for len(buf)-start < size-1 {
		buf = append(buf, pattern[:min(len(pattern), size-1-(len(buf)-start))]...)
	}
	return append(buf, '\n')
}

// longLine is the length of raw long's line.
const longLine = 20 << 20

// raw writes bytes that a log has to survive; [rawBytes] gives them to the test that compares.
func raw(args []string) (int, error) {
	if len(args) != 1 {
		return 0, errors.New("raw: one kind is needed")
	}
	data := rawBytes(args[0])
	if data == nil {
		return 0, fmt.Errorf("raw: no kind %q", args[0])
	}
	if args[0] == "split" { // a rune and a line torn over several writes
		for i := range data {
			if _, err := os.Stdout.Write(data[i : i+1]); err != nil {
				return 0, err
			}
		}
		return 0, nil
	}
	_, err := os.Stdout.Write(data)
	return 0, err
}

func rawBytes(kind string) []byte {
	switch kind {
	case "tail":
		return []byte("a whole line\nand a last one without its newline")
	case "nul":
		return []byte("before\x00after\n\x00\x00\x00\n\r\n\x1b[31mred\x1b[0m\n")
	case "utf8":
		return []byte("valid: żółć 達磨\ninvalid: \xff\xfe\xc3\x28\xe2\x82\xed\xa0\x80 end\n")
	case "long":
		return append(bytes.Repeat([]byte("0123456789abcdef"), longLine/16), '\n')
	case "split":
		return []byte("達磨 falls\nand stands up\n")
	}
	return nil
}
