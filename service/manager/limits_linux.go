package manager

import (
	"math"
	"strconv"
	"strings"
)

// limitNames are setrlimit(2)'s, in lower case and without RLIMIT_.
func limitNames() []string {
	return strings.Fields("as core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack")
}

// limitKey is what systemd calls a limit (systemd.exec(5), Process Properties).
func limitKey(name string) string { return "Limit" + strings.ToUpper(name) }

// raised gives the lines of the unit for the hard limits that are beyond systemd's own for all services.
func (s *systemd) raised(spec Spec) (lines []limit) {
	if spec.Account == "" || spec.Account == AccountSystem {
		return nil
	}
	for _, name := range limitNames() {
		want, asked := spec.Supervision.HardLimits[name]
		if !asked {
			continue
		}
		hard, err := s.defaultLimit(limitKey(name))
		if err != nil || want <= hard {
			continue // what isn't known is left as it is
		}
		soft, err := s.defaultLimit(limitKey(name) + "Soft")
		if err != nil {
			soft = hard
		}
		lines = append(lines, limit{limitKey(name), limitValue(soft) + ":" + limitValue(want)})
	}
	return lines
}

// defaultLimit is one of the limits that every service gets unless its unit says otherwise.
func (s *systemd) defaultLimit(key string) (uint64, error) {
	text, err := s.conn.GetManagerProperty("Default" + key) // "@t 524288"
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(text[strings.LastIndexByte(text, ' ')+1:], 10, 64)
}

func limitValue(n uint64) string {
	if n == math.MaxUint64 {
		return "infinity"
	}
	return strconv.FormatUint(n, 10)
}
