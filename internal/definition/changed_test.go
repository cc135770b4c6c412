package definition

import (
	"reflect"
	"strings"
	"testing"
)

func parse(t *testing.T, src string) *Service {
	t.Helper()
	svc, err := Parse([]byte(src), "daruma.yaml", testEnv)
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

func TestChanged(t *testing.T) {
	const base = `name: shop
description: x
programs:
  a: {command: [a], env: {PORT: "${PORT}"}}
  b: {command: [b], livenessProbe: {tcpSocket: {port: 80}}, nice: 5}
  c: {command: [c]}
`
	for _, c := range []struct {
		name, from, to string
		want           Changes // but for Unchanged
	}{
		{name: "formatting, comments, defaults and order", from: base, to: `
# the same
programs:
  c:
    command:
      - "c"
    restartPolicy: Always
  b: {nice: 5, livenessProbe: {tcpSocket: {port: 80, host: 127.0.0.1}, periodSeconds: 10}, command: [b]}
  a: {command: [a], env: {PORT: 8080}}
description: x
name: shop
`},
		{name: "a command", from: base, to: strings.Replace(base, "[c]", "[c, d]", 1), want: Changes{Restarted: []string{"c"}}},
		{name: "a probe", from: base, to: strings.Replace(base, "port: 80}", "port: 81}", 1), want: Changes{Updated: []string{"b"}}},
		{name: "no probe any more", from: base, to: strings.Replace(base, ", livenessProbe: {tcpSocket: {port: 80}}", "", 1), want: Changes{Updated: []string{"b"}}},
		{name: "logs", from: base, to: strings.Replace(base, "[c]", "[c], logs: {maxSize: 1Mi, maxFiles: 3, maxAgeSeconds: 60, compress: false}", 1), want: Changes{Updated: []string{"c"}}},
		{name: "restarts", from: base, to: strings.Replace(base, "[c]", "[c], restartPolicy: OnFailure, backoff: {factor: 3}, exitCodes: {3: giveUp}, maxRestarts: {count: 3, withinSeconds: 60}", 1), want: Changes{Updated: []string{"c"}}},
		{name: "hooks and the stop", from: base, to: strings.Replace(base, "[c]", "[c], terminationGracePeriodSeconds: 5, lifecycle: {postStart: {exec: {command: [x]}}, preStop: {exec: {command: [x]}}, onResume: {exec: {command: [x]}}}", 1), want: Changes{Updated: []string{"c"}}},
		{name: "programs depended on", from: base, to: strings.Replace(base, "[c]", "[c], dependsOn: {a: ready}", 1), want: Changes{Updated: []string{"c"}}},
		{name: "the form of the log", from: base, to: strings.Replace(base, "[c]", "[c], logs: {format: json}", 1), want: Changes{Restarted: []string{"c"}}},
		{name: "a probe and more", from: base, to: strings.Replace(base, "port: 80}}, nice: 5", "port: 81}}, nice: 6", 1), want: Changes{Restarted: []string{"b"}}},
		{name: "a notify channel", from: base, to: strings.Replace(base, "[c]", "[c], readinessProbe: {notify: {}}", 1), want: Changes{Restarted: []string{"c"}}},
		{name: "how often a sign of life is expected", from: strings.Replace(base, "[c]", "[c], livenessProbe: {notify: {}}", 1),
			to: strings.Replace(base, "[c]", "[c], livenessProbe: {notify: {}, periodSeconds: 5}", 1), want: Changes{Restarted: []string{"c"}}},
		{name: "a value behind a pointer", from: base, to: strings.Replace(base, "nice: 5", "nice: 6", 1), want: Changes{Restarted: []string{"b"}}},
		{name: "a variable's value", from: base, to: strings.Replace(base, "${PORT}", "${PORT}1", 1), want: Changes{Restarted: []string{"a"}}},
		{name: "a renamed program", from: base, to: strings.Replace(base, "  c:", "  d:", 1), want: Changes{Added: []string{"d"}, Removed: []string{"c"}}},
		{name: "the service", from: base, to: strings.Replace(base, "description: x", "description: y", 1), want: Changes{Service: true}},
		{name: "the start type", from: base, to: "startType: manual\n" + base, want: Changes{Service: true}},
		{name: "services depended on", from: base, to: "dependsOn: [x]\n" + base, want: Changes{Service: true}},
	} {
		next := parse(t, c.to)
		got := Changed(parse(t, c.from), next)
		if n := len(got.Added) + len(got.Restarted) + len(got.Updated) + len(got.Unchanged); n != len(next.Programs) {
			t.Errorf("%s: %d of %d programs are in the answer: %+v", c.name, n, len(next.Programs), got)
		}
		if got.Unchanged = nil; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	moved := parse(t, base)
	moved.Dir = "/elsewhere"
	if c := Changed(parse(t, base), moved); len(c.Restarted) != 3 {
		t.Errorf("a moved definition changes every program, not %+v", c)
	}
}

// TestEveryFieldCounts: Equal sees every field of a program.
func TestEveryFieldCounts(t *testing.T) {
	typ := reflect.TypeFor[Program]()
	for i := range typ.NumField() {
		p, q := Program{}, Program{}
		f := reflect.ValueOf(&q).Elem().Field(i)
		switch f.Kind() {
		case reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
		case reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
		case reflect.String:
			f.SetString("x")
		case reflect.Int64:
			f.SetInt(1)
		case reflect.Struct:
			for j := range f.NumField() {
				if f.Field(j).Kind() == reflect.String {
					f.Field(j).SetString("x")
				} else if f.Field(j).CanInt() {
					f.Field(j).SetInt(1)
				}
			}
		default:
			t.Fatalf("%s: %v", typ.Field(i).Name, f.Kind())
		}
		if p.Equal(&q) {
			t.Errorf("%s doesn't count", typ.Field(i).Name)
		}
	}
}
