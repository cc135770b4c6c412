package shipper

import (
	"fmt"
	"strings"
)

// fingerprintSize is how many bytes the Collector must look at to tell the program's files apart; 0: what it does by itself.
func (p Program) fingerprintSize() int64 {
	if p.JSON || p.Alike < fingerprintOTel/2 {
		return 0
	}
	const kib = 1 << 10
	return (2*p.Alike + kib - 1) / kib * kib
}

// otelTime is the stamp of JSON lines in Go's words; it has one fraction, so the parser takes any.
const otelTime = "2006-01-02T15:04:05Z07:00"

// otel: the filelog receiver. Positions are in file_storage, or a start of the Collector would ship everything again. force_flush_period
// is off: it ships what has no newline after half a second, and the rest of the line as a line of its own.
func otel(b *strings.Builder, s Service) {
	storage := "file_storage/" + label("daruma", s.Name)
	folder := s.stateFolder("/var/lib/otelcol/daruma-"+s.Name, `C:\ProgramData\otelcol\daruma-`+s.Name)
	fmt.Fprintf(b, "extensions:\n  %s:\n    directory: %s\n    create_directory: true\nreceivers:\n", storage, quote(folder))
	for _, p := range s.Programs {
		paths := s.paths(p)
		fmt.Fprintf(b, "  filelog/%s:\n    include:\n      - %s\n      - %s\n", label("daruma", s.Name, p.Name), quote(paths[0]), quote(paths[1]))
		fmt.Fprintf(b, "    start_at: beginning\n    storage: %s\n    force_flush_period: 0s\n    max_log_size: 4MiB\n", storage)
		if n := p.fingerprintSize(); n > 0 {
			fmt.Fprintf(b, "    fingerprint_size: %dKiB   # the files begin alike for %d bytes\n", n>>10, p.Alike)
		}
		b.WriteString("    retry_on_failure: {enabled: true, max_elapsed_time: 0s}\n")
		fmt.Fprintf(b, "    resource: {service.name: %s, process.executable.name: %s}\n", quote(s.Name), quote(p.Name))
		if p.JSON {
			b.WriteString("    operators:\n      - type: json_parser\n        timestamp: {parse_from: 'attributes[\"@timestamp\"]', layout_type: gotime, layout: '" + otelTime + "'}\n")
			b.WriteString("      - {type: move, from: attributes.message, to: body}\n")
			continue
		}
		b.WriteString("    preserve_leading_whitespaces: true   # the indent of stack traces\n    preserve_trailing_whitespaces: true\n")
		b.WriteString("    # Lines that belong together, such as stack traces:\n    # multiline: {line_start_pattern: '^\\S'}\n")
	}
	fmt.Fprintf(b, "service:\n  extensions: [%s]\n  pipelines:\n    logs/%s:\n      receivers: [%s]\n      exporters: [debug]   # yours\n",
		storage, label("daruma", s.Name), s.labels("filelog/"))
}
