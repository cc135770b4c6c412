package shipping

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/observe/shipping/elastic"
	"github.com/daruma-sh/daruma/internal/observe/shipping/join"
	"github.com/daruma-sh/daruma/internal/observe/shipping/receiver"
	"github.com/daruma-sh/daruma/internal/observe/shipping/redact"
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

	Index    string        // elasticsearch: the data stream or index
	Services []string      // nil: all that are seen
	Programs []string      // SERVICE/PROGRAM; nil: all of these services
	AtEnd    bool          // what is there when the target is new isn't shipped
	Redact   []redact.Rule // before anything leaves
	Join     []Join        // the first that is of a program counts
	MaxBatch int64         // bytes of records in one request, not compressed, before it is closed
}

// Join says which lines of some programs become one record.
type Join struct {
	Programs []string // SERVICE/PROGRAM; nil: all
	Rule     join.Rule
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
	var all []redact.Rule
	v.Object([]definition.Field{
		{Key: "redact", Decode: func(v definition.Value) { all = decodeRedact(v) }},
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
	for k := range c.Targets {
		c.Targets[k].Redact = slices.Concat(all, c.Targets[k].Redact)
	}
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
		definition.Field{Key: "programs", Decode: func(v definition.Value) { t.Programs = decodePrograms(v) }},
		definition.Field{Key: "redact", Decode: func(v definition.Value) { t.Redact = decodeRedact(v) }},
		definition.Field{Key: "join", Decode: func(v definition.Value) {
			v.List(func(v definition.Value) { t.Join = append(t.Join, decodeJoin(v)) })
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

func decodePrograms(v definition.Value) (names []string) {
	v.List(func(v definition.Value) {
		name := v.Line()
		if service, program, ok := strings.Cut(name, "/"); !ok || service == "" || program == "" || strings.Contains(program, "/") {
			v.Fail("must be SERVICE/PROGRAM")
		}
		names = append(names, name)
	})
	return names
}

func decodeRedact(v definition.Value) (rules []redact.Rule) {
	v.List(func(v definition.Value) {
		var name, pattern string
		by, given := redact.Mask, 0
		v.Object([]definition.Field{
			{Key: "known", Decode: func(v definition.Value) { name, given = v.Enum(redact.Names()...), given+1 }},
			{Key: "pattern", Decode: func(v definition.Value) { pattern, given = v.Text(), given+1 }},
			{Key: "by", Decode: func(v definition.Value) { by = v.Text() }},
		})
		switch rule, ok := redact.Known(name); {
		case given != 1:
			v.Fail("must have either known or pattern")
		case ok:
			rules = append(rules, rule)
		case pattern != "":
			rule, err := redact.Pattern(pattern, by)
			if err != nil {
				v.Fail("pattern: %v", err)
			}
			rules = append(rules, rule)
		}
	})
	return rules
}

func decodeJoin(v definition.Value) (j Join) {
	var traces []string
	var start string
	v.Object([]definition.Field{
		{Key: "programs", Decode: func(v definition.Value) { j.Programs = decodePrograms(v) }},
		{Key: "traces", Decode: func(v definition.Value) {
			v.List(func(v definition.Value) { traces = append(traces, v.Enum(join.Languages()...)) })
		}},
		{Key: "start", Decode: func(v definition.Value) { start = v.Text() }},
	})
	if (len(traces) == 0) == (start == "") {
		v.Fail("must have either traces or start")
		return j
	}
	if start != "" {
		pattern, err := regexp.Compile(start)
		if err != nil {
			v.Fail("start: %v", err)
			return j
		}
		j.Rule = join.Start(pattern)
		return j
	}
	j.Rule = join.Traces(traces...)
	return j
}

// rule is how the lines of a program are joined; nil: they aren't.
func (t *Target) rule(service, program string) join.Rule {
	for _, j := range t.Join {
		if j.Programs == nil || slices.Contains(j.Programs, key(service, program)) {
			return j.Rule
		}
	}
	return nil
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

// Warnings say what is taken and shouldn't be so, a sentence each that begins with a field.
func (c *Config) Warnings() (warnings []string) {
	for k := range c.Targets {
		for _, w := range c.Targets[k].Warnings() {
			warnings = append(warnings, "shipping.targets."+c.Targets[k].Name+"."+w)
		}
	}
	return warnings
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
