package shipper

import (
	"fmt"
	"strconv"
	"strings"
)

// alloy: Alloy's own filelog receiver, which is the Collector's.
func alloy(b *strings.Builder, s Service) {
	name := label("daruma", s.Name)
	folder := s.stateFolder("/var/lib/alloy/daruma-"+s.Name, `C:\ProgramData\GrafanaLabs\Alloy\daruma-`+s.Name)
	fmt.Fprintf(b, "otelcol.storage.file \"%s\" {\n  directory        = %s\n  create_directory = true\n}\n", name, strconv.Quote(folder))
	for _, p := range s.Programs {
		paths := s.paths(p)
		fmt.Fprintf(b, "\notelcol.receiver.filelog \"%s\" {\n  include            = [%s, %s]\n", label("daruma", s.Name, p.Name), strconv.Quote(paths[0]), strconv.Quote(paths[1]))
		fmt.Fprintf(b, "  start_at           = \"beginning\"\n  storage            = otelcol.storage.file.%s.handler\n  force_flush_period = \"0s\"\n  max_log_size       = \"4MiB\"\n", name)
		if n := p.fingerprintSize(); n > 0 {
			fmt.Fprintf(b, "  fingerprint_size   = \"%dKiB\" // the files begin alike for %d bytes\n", n>>10, p.Alike)
		}
		fmt.Fprintf(b, "  resource           = {\"service.name\" = %s, \"process.executable.name\" = %s}\n", strconv.Quote(s.Name), strconv.Quote(p.Name))
		if p.JSON {
			b.WriteString("  operators          = [\n    {type = \"json_parser\", timestamp = {parse_from = \"attributes[\\\"@timestamp\\\"]\", layout_type = \"gotime\", layout = \"" + otelTime + "\"}},\n")
			b.WriteString("    {type = \"move\", from = \"attributes.message\", to = \"body\"},\n  ]\n")
		} else {
			b.WriteString("  preserve_leading_whitespaces  = true // the indent of stack traces\n  preserve_trailing_whitespaces = true\n")
		}
		b.WriteString("  output {\n    logs = [otelcol.exporter.loki.default.input] // yours\n  }\n}\n")
	}
}
