package shipper

import (
	"fmt"
	"slices"
	"strings"
)

// Service is whose logs are to be shipped.
type Service struct {
	Name     string
	Folder   string // of the logs, absolute
	Programs []Program
	Windows  bool // the shipper runs on Windows, and keeps its positions there
}

// Program is one of its programs.
type Program struct {
	Name      string
	JSON      bool  // one object a line, else text
	Compress  bool  // rotated files are compressed in the end
	Alike     int64 // bytes, up to [lookAt], with which two of its files begin that aren't the same; see [Look]
	FirstLine bool  // two of its files have the same first line
}

// Names are the shippers that [Config] knows.
func Names() []string { return []string{"filebeat", "otel", "fluent-bit", "vector", "alloy"} }

// Config gives the configuration by which a shipper follows the service's files, and what its user must know besides, a sentence each.
// shipper is one of [Names].
func Config(shipper string, s Service) (text string, warnings []string, err error) {
	write := map[string]func(*strings.Builder, Service){
		"filebeat": filebeat, "otel": otel, "fluent-bit": fluentBit, "vector": vector, "alloy": alloy,
	}[shipper]
	if write == nil {
		return "", nil, fmt.Errorf("no shipper %q is known here; there are %s", shipper, strings.Join(Names(), ", "))
	}
	var b strings.Builder
	comment := "#"
	if shipper == "alloy" {
		comment = "//"
	}
	warnings = warn(shipper, s)
	b.WriteString(comment + " The logs of service " + s.Name + ", written by: daruma logs shipper " + shipper + " " + s.Name + "\n")
	for _, line := range remarks(shipper, s) {
		b.WriteString(comment + " " + line + "\n")
	}
	for _, w := range warnings {
		b.WriteString(comment + " WARNING: " + w + "\n")
	}
	write(&b, s)
	return b.String(), warnings, nil
}

// remarks say what the configuration does, whatever the service.
func remarks(shipper string, s Service) []string {
	lines := []string{"A rotated file keeps its bytes and its inode. Compressed ones are in a folder of their own, which must not be shipped."}
	switch shipper {
	case "filebeat":
		lines = append(lines, "Filebeat 8.16 or later. Text is told apart by inode, JSON by its first 64 bytes, which hold a time to the microsecond.")
	case "otel":
		lines = append(lines, "OpenTelemetry Collector (contrib). It knows a file by its first bytes. A line is shipped when its newline has come.")
	case "fluent-bit":
		lines = append(lines, "Fluent Bit 2 or later. It knows a file by its inode: without db each rotated file is shipped twice.")
	case "vector":
		lines = append(lines, "Vector. A file is known by the checksum of its first line, or by its inode where the first lines are the same.")
	case "alloy":
		lines = append(lines, "Grafana Alloy with --stability.level=public-preview. loki.source.file knows a file by its path alone: it loses what was",
			"rotated while it was down, so this is otelcol.receiver.filelog.")
	}
	if !s.Windows {
		lines = append(lines, "The shipper must be able to read the folder: let it run as root, or give its user access (docs/shipping.md).")
	}
	return lines
}

// fingerprintOTel is how many bytes the Collector looks at unless told otherwise.
const fingerprintOTel = 1000

// warn gives what may go wrong with this service's files.
func warn(shipper string, s Service) (warnings []string) {
	var alike, unknown, compressed []string
	for _, p := range s.Programs {
		switch {
		case p.JSON:
		case (shipper == "otel" || shipper == "alloy") && p.Alike >= fingerprintOTel/2:
			alike = append(alike, p.Name)
		case shipper == "otel" || shipper == "alloy" || shipper == "vector" && !p.FirstLine:
			unknown = append(unknown, p.Name)
		}
		if p.Compress {
			compressed = append(compressed, p.Name)
		}
	}
	if len(alike) > 0 {
		warnings = append(warnings, fmt.Sprintf("the files of %s begin alike, so that the first bytes tell them apart late or not at all, and lines would be lost: "+
			"fingerprint_size is raised here; logs: {format: json} in the definition is the cure.", list(alike)))
	}
	if len(unknown) > 0 {
		how := "have fingerprint_size raised beyond it"
		if shipper == "vector" {
			how = "use fingerprint: {strategy: device_and_inode}"
		}
		warnings = append(warnings, fmt.Sprintf("should %s ever begin each file with the same lines (a banner), files would be taken for one another, and lines lost: "+
			"%s, or set logs: {format: json} in the definition.", list(unknown), how))
	}
	if len(compressed) > 0 {
		warnings = append(warnings, fmt.Sprintf("rotated files of %s are compressed a minute after the next rotation at the earliest, and a shipper that was away for longer doesn't see them: "+
			"logs: {compress: false} keeps maxFiles of them for it.", list(compressed)))
	}
	if strings.ContainsAny(s.Folder, "*?[]{},") {
		warnings = append(warnings, fmt.Sprintf("the folder %s has a character that means something else in a pattern (one of *?[]{},): no shipper finds files there.", s.Folder))
	}
	return warnings
}

// list names at most a few.
func list(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d others", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// paths are the patterns of a program's files: the one that is written, and the rotated ones. A program's name has no dot.
func (s Service) paths(p Program) [2]string {
	separator := "/"
	if s.Windows {
		separator = `\`
	}
	beginning := strings.TrimSuffix(s.Folder, separator) + separator + p.Name
	return [2]string{beginning + ".log", beginning + ".*.log"}
}

// stateFolder is where a shipper keeps its positions, as its packages have it.
func (s Service) stateFolder(linux, windows string) string {
	if s.Windows {
		return windows
	}
	return linux
}

// quote makes a YAML scalar in which nothing is escaped but the quote itself, so that Windows paths stay readable.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// label makes a name of letters, digits and underscores.
func label(parts ...string) string {
	return strings.ReplaceAll(strings.Join(parts, "_"), "-", "_")
}

// anyOf tells whether some of the programs have it.
func (s Service) anyOf(has func(Program) bool) bool { return slices.ContainsFunc(s.Programs, has) }

// labels joins the names of all programs' inputs.
func (s Service) labels(beginning string) string {
	var all []string
	for _, p := range s.Programs {
		all = append(all, beginning+label("daruma", s.Name, p.Name))
	}
	return strings.Join(all, ", ")
}
