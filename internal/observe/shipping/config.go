package shipping

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/observe/shipping/elastic"
	"github.com/daruma-sh/daruma/internal/observe/shipping/receiver"
)

// Config is `shipping` of observe.yaml.
type Config struct {
	Machine string   // the name that records give this machine; "": its host name
	Targets []Target // by name
}

// Target is one entry of targets: where to, and what.
type Target struct {
	Name string // appears in the observer's log, and names the file of its positions
	Type string // one of Types
	receiver.Config

	Index    string   // elasticsearch: the data stream or index
	Services []string // nil: all that are seen
	Programs []string // SERVICE/PROGRAM; nil: all of these services
	AtEnd    bool     // what is there when the target is new isn't shipped
	MaxBatch int64    // bytes of records in one request, not compressed, before it is closed
}

// Types lists what a target can be.
func Types() []string { return []string{"otlp", "elasticsearch"} }

// The bounds of maxBatch.
const (
	minBatch     = 16 << 10
	defaultBatch = 1 << 20
	maxBatch     = 16 << 20
)

// Decode reads `shipping` of observe.yaml.
func Decode(v definition.Value) *Config {
	c := &Config{}
	v.Object([]definition.Field{
		{Key: "machine", Decode: func(v definition.Value) { c.Machine = v.Line() }},
		{Key: "targets", Decode: func(v definition.Value) {
			v.Map(func(name string, v definition.Value) {
				if !isTargetName(name) {
					v.Fail("a target's name consists of letters, digits, - and _, of 64 at most")
				}
				c.Targets = append(c.Targets, decodeTarget(name, v))
			})
			if len(c.Targets) == 0 {
				v.Fail("names no target: where should logs go?")
			}
		}},
	}, "targets")
	return c
}

func decodeTarget(name string, v definition.Value) Target {
	t := Target{Name: name, Config: receiver.Default(), MaxBatch: defaultBatch}
	v.Object(append(t.Fields(),
		definition.Field{Key: "type", Decode: func(v definition.Value) { t.Type = v.Enum(Types()...) }},
		definition.Field{Key: "index", Decode: func(v definition.Value) {
			if t.Index = v.Line(); t.Index != "" && !elastic.IsIndex(t.Index) {
				v.Fail("must be the name of a data stream or an index, in lower case, such as %s", elastic.DefaultIndex)
			}
		}},
		definition.Field{Key: "services", Decode: func(v definition.Value) {
			v.List(func(v definition.Value) { t.Services = append(t.Services, v.Line()) })
		}},
		definition.Field{Key: "programs", Decode: func(v definition.Value) {
			v.List(func(v definition.Value) {
				name := v.Line()
				if service, program, ok := strings.Cut(name, "/"); !ok || service == "" || program == "" || strings.Contains(program, "/") {
					v.Fail("must be SERVICE/PROGRAM")
				}
				t.Programs = append(t.Programs, name)
			})
		}},
		definition.Field{Key: "begin", Decode: func(v definition.Value) { t.AtEnd = v.Enum("oldest", "now") == "now" }},
		definition.Field{Key: "maxBatch", Decode: func(v definition.Value) {
			if n, ok := v.Size(minBatch, maxBatch); ok {
				t.MaxBatch = n
			}
		}},
	), "type", "url")
	switch {
	case t.Type == "otlp" && t.Index != "":
		v.Fail("index: goes with the type elasticsearch")
	case t.Index == "":
		t.Index = elastic.DefaultIndex
	}
	return t
}

func isTargetName(s string) bool {
	return len(s) <= 64 && s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// wants tells whether the target is to have the program's lines.
func (t *Target) wants(service, program string) bool {
	return (t.Services == nil || slices.Contains(t.Services, service)) && (t.Programs == nil || slices.Contains(t.Programs, key(service, program)))
}

// check gives what is wrong with a target's settings together, and with the files that it names.
func (t *Target) check() (problems []error) {
	for _, p := range t.Check() {
		problems = append(problems, fmt.Errorf("shipping.targets.%s.%w", t.Name, p))
	}
	return problems
}

// machine is how records call this machine.
func (c *Config) machine() (string, error) {
	if c.Machine != "" {
		return c.Machine, nil
	}
	name, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("the name of this machine isn't known: %w (set shipping.machine in observe.yaml)", err)
	}
	return name, nil
}
