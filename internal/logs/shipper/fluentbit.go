package shipper

import (
	"fmt"
	"strings"
)

// fluentBit: the tail input. Its documentation warns of patterns that match rotated files; that holds without db. With it a file is known
// by its inode, and one that was rotated while Fluent Bit was down is read to its end. A line longer than buffer_max_size would have the
// whole file left alone, unless long lines are skipped.
func fluentBit(b *strings.Builder, s Service) {
	separator := "/"
	if s.Windows {
		separator = `\`
	}
	if s.anyOf(func(p Program) bool { return p.JSON }) {
		b.WriteString("parsers:\n  - name: daruma_json\n    format: json\n    time_key: '@timestamp'\n    time_format: '%Y-%m-%dT%H:%M:%S.%LZ'\n    time_keep: on\n")
	}
	b.WriteString("pipeline:\n  inputs:\n")
	for _, p := range s.Programs {
		paths := s.paths(p)
		folder := s.stateFolder("/var/lib/fluent-bit", `C:\ProgramData\fluent-bit`)
		fmt.Fprintf(b, "    - name: tail\n      tag: daruma.%s.%s\n      path: %s\n", s.Name, p.Name, quote(paths[0]+","+paths[1]))
		fmt.Fprintf(b, "      db: %s   # make the folder\n", quote(folder+separator+"daruma-"+s.Name+"-"+p.Name+".db"))
		b.WriteString("      read_from_head: on\n      refresh_interval: 5\n      rotate_wait: 60\n      buffer_max_size: 4M\n      skip_long_lines: on\n")
		if p.JSON {
			b.WriteString("      parser: daruma_json\n")
		} else {
			b.WriteString("      # Lines that belong together, such as stack traces:\n      # multiline.parser: go, java, python\n")
		}
	}
	if !s.anyOf(func(p Program) bool { return !p.JSON }) {
		return
	}
	b.WriteString("  filters:\n")
	for _, p := range s.Programs {
		if !p.JSON {
			fmt.Fprintf(b, "    - name: record_modifier\n      match: daruma.%s.%s\n      record:\n        - service.name %s\n        - process.name %s\n", s.Name, p.Name, s.Name, p.Name)
		}
	}
}
