package history

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
)

const (
	keptHours  = Minutes/60 + 1 // files of samples: the last day, and the hour that runs
	maxSamples = 32 << 20       // bytes of one that are read; an hour of 2,000 programs is some 1.5 MiB
	perHour    = int64(time.Hour / time.Millisecond)
)

// line is what is sampled at one moment.
type line struct {
	mark
	names   []name
	samples []sample
}

// written is a line of a file of samples. The names stand in a line of their own, before the first samples of theirs: so that each line of samples is
// short, and lines of two observers don't mix them up.
type written struct {
	mark
	Set   string      `json:"set"`             // names the list of names
	Names [][2]string `json:"names,omitempty"` // service and program
	Sum   uint32      `json:"sum,omitempty"`   // CRC-32 of Samples
	// Samples are 8 bytes each, little endian: thousandths of a core, KiB. 0xffffffff: not known.
	Samples []byte `json:"samples,omitempty"`
}

// sampleFiles are the files of an hour each. Its methods run in one goroutine.
type sampleFiles struct {
	folder string // "": nothing is written
	hour   int64  // of the file that is written
	sets   map[string]bool
	torn   bool // the last write may have left half a line
}

func samplePath(folder string, hour int64) string {
	return filepath.Join(folder, fmt.Sprintf("samples-%012d.jsonl", hour))
}

// append writes a line. Where that fails, the next one is tried anew.
func (f *sampleFiles) append(l *line) error {
	if f.folder == "" || l == nil {
		return nil
	}
	hour := l.T / perHour
	if f.sets == nil || hour != f.hour {
		f.hour, f.sets, f.torn = hour, map[string]bool{}, true // what a killed observer left may not end with a newline
		f.remove()
	}
	set, text := f.text(l)
	err := f.write(text)
	f.torn = err != nil
	if err == nil {
		f.sets[set] = true
	}
	return err
}

// text gives the bytes of a line, after those of the names where the file hasn't got them, and how the list of names is called.
func (f *sampleFiles) text(l *line) (set string, text []byte) {
	sum := fnv.New64a()
	for _, n := range l.names {
		fmt.Fprintf(sum, "%s/%s\n", n.service, n.program)
	}
	set = strconv.FormatUint(sum.Sum64(), 36)
	if f.torn {
		text = append(text, '\n')
	}
	if !f.sets[set] {
		w := written{mark: l.mark, Set: set}
		for _, n := range l.names {
			w.Names = append(w.Names, [2]string{n.service, n.program})
		}
		text = append(text, w.bytes()...)
	}
	w := written{mark: l.mark, Set: set}
	for _, s := range l.samples {
		w.Samples = binary.LittleEndian.AppendUint32(w.Samples, s.cpu)
		w.Samples = binary.LittleEndian.AppendUint32(w.Samples, s.memory)
	}
	w.Sum = crc32.ChecksumIEEE(w.Samples)
	return set, append(text, w.bytes()...)
}

func (w *written) bytes() []byte {
	b, err := json.Marshal(w)
	if err != nil {
		w.At = time.Time{} // the wall clock is beyond the year 9999
		if b, err = json.Marshal(w); err != nil {
			return nil
		}
	}
	return append(b, '\n')
}

// write appends to the hour's file. It is opened for each line: an administrator may remove it, and no handle stays open for a minute.
func (f *sampleFiles) write(text []byte) error {
	file, err := safefile.OpenFile(samplePath(f.folder, f.hour), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && info.Size()+int64(len(text)) > maxSamples {
		err = fmt.Errorf("%s has %d bytes: remove it", file.Name(), info.Size())
	}
	if err == nil {
		_, err = file.WriteAt(text, info.Size())
	}
	return errors.Join(err, file.Close())
}

// remove removes the files that are too many, the oldest first: the clock doesn't say which those are, but their numbers.
func (f *sampleFiles) remove() {
	hours, _ := sampleHours(f.folder)
	for _, hour := range hours[:max(0, len(hours)-keptHours)] {
		_ = os.Remove(samplePath(f.folder, hour)) // another observer may have removed it, and it is tried again in an hour
	}
}

// sampleHours gives the numbers of the files, the oldest first.
func sampleHours(folder string) ([]int64, error) {
	entries, err := os.ReadDir(folder)
	var hours []int64
	for _, e := range entries {
		number, is := strings.CutPrefix(e.Name(), "samples-")
		number, whole := strings.CutSuffix(number, ".jsonl")
		if hour, err := strconv.ParseInt(number, 10, 64); is && whole && err == nil && hour >= 0 && hour <= maxT/perHour && e.Name() == filepath.Base(samplePath("", hour)) {
			hours = append(hours, hour)
		}
	}
	slices.Sort(hours)
	return hours, err
}

// readSamples gives all lines of the last day's files that are whole to take, and the latest mark.
func readSamples(folder string, take func(*line)) (last mark, err error) {
	hours, err := sampleHours(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return last, nil
	}
	for _, hour := range hours[max(0, len(hours)-keptHours):] {
		data, one := safefile.ReadFile(samplePath(folder, hour), maxSamples)
		if one != nil {
			err = errors.Join(err, one)
			continue
		}
		readSampleFile(data, hour, func(l *line) {
			if l.T >= last.T {
				last = l.mark
			}
			take(l)
		})
	}
	return last, err
}

// readSampleFile passes over what is broken: a line that a kill cut off, what stands behind it, what isn't of this hour.
func readSampleFile(data []byte, hour int64, take func(*line)) {
	sets := map[string][]name{}
	for text := range bytes.Lines(data) {
		var w written
		if !bytes.HasSuffix(text, []byte("}\n")) || json.Unmarshal(text, &w) != nil || !w.valid() || w.T/perHour != hour {
			continue
		}
		if len(w.Names) > 0 {
			names := make([]name, len(w.Names))
			for i, n := range w.Names {
				names[i] = name{n[0], n[1]}
			}
			sets[w.Set] = names
			continue
		}
		names := sets[w.Set]
		if len(w.Samples) != 8*len(names) || len(names) == 0 || crc32.ChecksumIEEE(w.Samples) != w.Sum {
			continue
		}
		l := &line{mark: w.mark, names: names, samples: make([]sample, len(names))}
		for i := range l.samples {
			l.samples[i] = sample{binary.LittleEndian.Uint32(w.Samples[8*i:]), binary.LittleEndian.Uint32(w.Samples[8*i+4:])}
		}
		take(l)
	}
}
