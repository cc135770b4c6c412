package history

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/safefile"
)

const (
	// keptDays is of how many days there are files: more than are shown, as a clock that was wrong for a while leaves files of days that never were.
	keptDays = Days + 30
	maxDay   = 16 << 20 // bytes of a file that is read; 2,000 programs are some 300 KiB
)

// dayFile is what a file says of one day, by service.
type dayFile map[string]*part

func dayPath(folder, date string) string { return filepath.Join(folder, "day-"+date+".json") }

// dayFiles gives the dates of which there are files, the oldest first.
func dayFiles(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	var dates []string
	for _, e := range entries {
		of, is := strings.CutPrefix(e.Name(), "day-")
		of, whole := strings.CutSuffix(of, ".json")
		if _, err := time.Parse(time.DateOnly, of); is && whole && err == nil {
			dates = append(dates, of)
		}
	}
	slices.Sort(dates)
	return dates, err
}

// readDays gives the parts of each service of the days of which there are files, by date. A file that is broken is as none.
func readDays(folder string, take func(service, date string, p *part)) error {
	dates, err := dayFiles(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, of := range dates[max(0, len(dates)-keptDays):] {
		data, one := safefile.ReadFile(dayPath(folder, of), maxDay)
		if one != nil {
			err = errors.Join(err, one)
			continue
		}
		var day dayFile
		if json.Unmarshal(data, &day) != nil {
			continue
		}
		for service, p := range day {
			if p != nil && len(service) <= maxName {
				take(service, of, p.whole())
			}
		}
	}
	return err
}

// whole brings what a damaged file may say within bounds.
func (p *part) whole() *part {
	said := p.Of
	p.UpTo, p.Of = max(p.UpTo, 0), make(map[string]incident.Portion, len(said))
	for program, portion := range said {
		portion = incident.Portion{}.Plus(portion)
		portion.Down = min(portion.Down, portion.Wanted)
		p.put(program, portion)
	}
	return p
}

// writeDay replaces the file of a day. A file of before a power cut may be gone after it, and is reckoned anew where the records go back so far.
func writeDay(folder, date string, day dayFile) error {
	data, err := json.Marshal(day)
	if err != nil {
		return err
	}
	return safefile.Replace(dayPath(folder, date), data, 0o600, safefile.Private)
}

// removeDays removes the files that are too many, the oldest first.
func removeDays(folder string) {
	dates, _ := dayFiles(folder)
	for _, of := range dates[:max(0, len(dates)-keptDays)] {
		_ = os.Remove(dayPath(folder, of)) // it is tried again with the next day
	}
}
