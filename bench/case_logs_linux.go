package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const lineSize = 120 // bytes, with the newline

// logsCase lets a program write as fast as it can and sees how soon everything is in files, and whether it is everything.
func logsCase(b *bench) (table, error) { return b.floods(b.peers, textLogs) }

// jsonCase is for those who make JSON of each line.
func jsonCase(b *bench) (table, error) {
	var peers []*peer
	for _, p := range b.peers {
		if p.name == "daruma" {
			peers = append(peers, p)
		}
	}
	return b.floods(peers, jsonLogs)
}

func (b *bench) floods(peers []*peer, kind logKind) (table, error) {
	t := table{columns: []string{"median", "range", "CPU, s a GiB", "waited for a CPU, s a GiB", "lines lost", "doubled"}, ratio: true}
	for _, p := range peers {
		var speeds, used, waited, lost, doubled []float64
		var failed error
		for range b.runs {
			if b.interrupted() {
				return t, errInterrupted
			}
			f, err := b.flood(p, kind)
			if err != nil {
				failed = err
				break
			}
			speeds, used, waited = append(speeds, f.speed), append(used, f.used), append(waited, f.waited)
			lost, doubled = append(lost, float64(f.lost)), append(doubled, float64(f.doubled))
		}
		if failed != nil {
			t.fail(p.name, failed)
			continue
		}
		t.add(p.name, median(speeds), "", figure(median(speeds)), spread(speeds), figure(median(used)), spread(waited), fmt.Sprint(int64(median(lost))), fmt.Sprint(int64(median(doubled))))
	}
	return t, nil
}

type flooded struct {
	speed         float64 // MiB of lines a second
	used, waited  float64 // seconds for each GiB of lines, of the supervisor's processes and the program together
	lost, doubled int64
}

func (b *bench) flood(p *peer, kind logKind) (flooded, error) {
	flood := []string{b.tools.testprog, "flood", "-n", fmt.Sprint(b.lines), "-size", fmt.Sprint(lineSize), "-hold"}
	s, err := startSession(b.tools, p, 0, work{programs: []program{{"p0", flood}}, logs: kind})
	if err != nil {
		return flooded{}, err
	}
	defer s.end()
	took, err := s.captured(b)
	if err != nil {
		return flooded{}, err
	}
	used, waited := scheduled(tree(s.cmd.Process.Pid))
	gib := float64(b.lines*lineSize) / (1 << 30)
	f := flooded{speed: gib * (1 << 10) / took.Seconds(), used: used.Seconds() / gib, waited: waited.Seconds() / gib}
	f.lost, f.doubled, err = s.checkLines(b.lines)
	return f, err
}

// captured waits until the log files grow no more: two seconds long, and not before something came. It gives the time from
// the first byte seen to the last, both to the 2 ms of a look.
func (s *session) captured(b *bench) (time.Duration, error) {
	var first, last, size int64
	for begin := now(); ; time.Sleep(2 * time.Millisecond) {
		grown := logSize(s.work.dir)
		at := now()
		if first == 0 && grown > 0 {
			first = at
		}
		if grown != size {
			size, last = grown, at
		}
		switch {
		case last == 0 && at-begin > 20e9:
			return 0, errors.New("nothing was logged within 20 s")
		case last != 0 && at-last > 2e9:
			return time.Duration(last - first), nil
		case b.interrupted():
			return 0, errInterrupted
		}
	}
}

// logFiles walks what a supervisor wrote: the folder logs, or daruma's log folder. Not daruma's run folder: there, raw
// lines may still stand in a spool that are in the log already.
func logFiles(dir string, each func(path string, size int64)) {
	homes, _ := filepath.Glob(filepath.Join(dir, "home", "*", "logs")) // no bad pattern, so no error
	for _, root := range append(homes, filepath.Join(dir, "logs")) {
		filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return nil // it was rotated away meanwhile
			}
			if info, err := entry.Info(); err == nil {
				each(path, info.Size())
			}
			return nil
		})
	}
}

func logSize(dir string) int64 {
	sum := int64(0)
	logFiles(dir, func(_ string, size int64) { sum += size })
	return sum
}

// checkLines looks for every line, byte for byte.
func (s *session) checkLines(lines int64) (lost, doubled int64, err error) {
	seen := make([]bool, lines)
	found := int64(0)
	logFiles(s.work.dir, func(path string, _ int64) {
		f, openErr := os.Open(path)
		if openErr != nil {
			err = openErr
			return
		}
		defer f.Close()
		var r io.Reader = f
		if strings.HasSuffix(path, ".gz") {
			if r, openErr = gzip.NewReader(f); openErr != nil {
				err = openErr
				return
			}
		}
		f2, d := countLines(r, seen)
		found, doubled = found+f2, doubled+d
	})
	return lines - found, doubled, err
}

// countLines marks the lines of flood that r has, whatever stands before and after them on a line.
func countLines(r io.Reader, seen []bool) (found, doubled int64) {
	in := bufio.NewReaderSize(r, 1<<20)
	for {
		line, err := in.ReadSlice('\n')
		if i := bytes.Index(line, []byte(" the quick")); i >= 10 && len(line)-i >= lineSize-11 {
			n, numberErr := strconv.ParseInt(string(line[i-10:i]), 10, 64)
			if numberErr == nil && n < int64(len(seen)) && bytes.Equal(line[i:i+lineSize-11], floodText) {
				if seen[n] {
					doubled++
				} else {
					seen[n] = true
					found++
				}
			}
		}
		if err != nil && err != bufio.ErrBufferFull {
			return found, doubled
		}
	}
}

// floodText is what testprog's flood writes after the number: 109 bytes and the newline.
var floodText = []byte(strings.Repeat(" the quick brown daruma falls seven times and stands up eight,", 3)[:lineSize-11])
