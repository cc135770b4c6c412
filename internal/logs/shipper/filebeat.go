package shipper

import (
	"fmt"
	"strings"
)

// filebeat: the filestream input. Its default identity, a fingerprint of 1,024 bytes, ships nothing of a file that is shorter; JSON lines
// differ within 64, the least that it takes. A text may begin with a banner that is longer, so it is told by its inode.
func filebeat(b *strings.Builder, s Service) {
	b.WriteString("filebeat.inputs:\n")
	for _, p := range s.Programs {
		paths := s.paths(p)
		fmt.Fprintf(b, "  - type: filestream\n    id: daruma-%s-%s   # positions are kept under it: another id ships everything again\n", s.Name, p.Name)
		fmt.Fprintf(b, "    paths:\n      - %s\n      - %s\n", quote(paths[0]), quote(paths[1]))
		if p.JSON {
			b.WriteString("    file_identity.fingerprint: ~\n    prospector.scanner.fingerprint: {enabled: true, offset: 0, length: 64}\n")
			b.WriteString("    parsers:\n      - ndjson: {target: '', overwrite_keys: true, expand_keys: true, add_error_key: true}\n")
			continue
		}
		b.WriteString("    file_identity.native: ~\n    prospector.scanner.fingerprint.enabled: false\n")
		fmt.Fprintf(b, "    fields_under_root: true\n    fields: {service.name: %s, process.name: %s}\n", quote(s.Name), quote(p.Name))
		b.WriteString("    # Lines that belong together, such as stack traces:\n    # parsers:\n    #   - multiline: {type: pattern, pattern: '^\\s', match: after}\n")
	}
}
