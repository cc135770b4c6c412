package definition

import (
	"strings"

	"github.com/daruma-sh/daruma/internal/charset"
)

func defaultLogs() Logs {
	return Logs{Format: Text, MaxSize: 10 << 20, MaxFiles: 10, Compress: true, Encoding: charset.UTF8}
}

func (d *decoder) logsFields(l *Logs) []field {
	return []field{
		{"format", func(n *node) { l.Format = LogFormat(d.enum(n, string(Text), string(JSON))) }},
		{"maxSize", func(n *node) {
			v, ok := d.size(n)
			if ok && v != 0 && v < 1024 {
				d.fail(n.pos, "must be at least 1Ki, or 0 for never, is %s", clip(n.text))
			} else if ok {
				l.MaxSize = v
			}
		}},
		{"maxAgeSeconds", func(n *node) {
			// Less than a second between rotations would be a new file for nearly every line.
			if v, ok := d.seconds(n, false); ok && v != 0 && v.Seconds() < 1 {
				d.fail(n.pos, "must be at least 1, or 0 for never, is %s", clip(n.text))
			} else if ok {
				l.MaxAge = v
			}
		}},
		{"maxFiles", func(n *node) {
			if v, ok := d.integer(n, 1, 10_000); ok {
				l.MaxFiles = int(v)
			}
		}},
		{"encoding", func(n *node) {
			name := strings.ToLower(d.str(n))
			if name == "" {
				return
			}
			if err := charset.Check(name); err != nil {
				d.fail(n.pos, "%v", err)
				return
			}
			l.Encoding = name
		}},
		{"compress", func(n *node) { l.Compress = d.boolean(n) }},
	}
}
