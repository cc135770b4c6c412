package shipper

import (
	"fmt"
	"strings"
)

// vector: the file source. It discards lines that are longer than max_line_bytes.
func vector(b *strings.Builder, s Service) {
	b.WriteString("sources:\n")
	for _, p := range s.Programs {
		paths := s.paths(p)
		fmt.Fprintf(b, "  %s:\n    type: file\n    include:\n      - %s\n      - %s\n", label("daruma", s.Name, p.Name), quote(paths[0]), quote(paths[1]))
		b.WriteString("    read_from: beginning\n    max_line_bytes: 4194304\n")
		if p.FirstLine && !p.JSON {
			b.WriteString("    fingerprint: {strategy: device_and_inode}   # the files have the same first line\n")
		} else {
			b.WriteString("    fingerprint: {strategy: checksum}\n")
		}
		if !p.JSON {
			b.WriteString("    # Lines that belong together, such as stack traces:\n" +
				"    # multiline: {mode: continue_through, start_pattern: '^\\S', condition_pattern: '^\\s', timeout_ms: 1000}\n")
		}
	}
	b.WriteString("transforms:\n")
	for _, p := range s.Programs {
		name := label("daruma", s.Name, p.Name)
		fmt.Fprintf(b, "  %s_fields:   # the input of your sinks\n    type: remap\n    inputs: [%s]\n    source: |\n", name, name)
		if p.JSON {
			b.WriteString("      . |= object!(parse_json!(string!(.message)))\n      .timestamp = parse_timestamp!(string!(.\"@timestamp\"), \"%+\")\n")
		} else {
			fmt.Fprintf(b, "      .service.name = \"%s\"\n      .process.name = \"%s\"\n", s.Name, p.Name)
		}
	}
}
