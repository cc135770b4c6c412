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
		name, from, to          string
		added, removed, changed []string
		service                 bool
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
		{name: "a command", from: base, to: strings.Replace(base, "[c]", "[c, d]", 1), changed: []string{"c"}},
		{name: "behind a pointer", from: base, to: strings.Replace(base, "port: 80}", "port: 81}", 1), changed: []string{"b"}},
		{name: "a value behind a pointer", from: base, to: strings.Replace(base, "nice: 5", "nice: 6", 1), changed: []string{"b"}},
		{name: "a variable's value", from: base, to: strings.Replace(base, "${PORT}", "${PORT}1", 1), changed: []string{"a"}},
		{name: "a renamed program", from: base, to: strings.Replace(base, "  c:", "  d:", 1), added: []string{"d"}, removed: []string{"c"}},
		{name: "the service", from: base, to: strings.Replace(base, "description: x", "description: y", 1), service: true},
		{name: "the start type", from: base, to: "startType: manual\n" + base, service: true},
		{name: "services depended on", from: base, to: "dependsOn: [x]\n" + base, service: true},
	} {
		added, removed, changed, service := Changed(parse(t, c.from), parse(t, c.to))
		if !reflect.DeepEqual(added, c.added) || !reflect.DeepEqual(removed, c.removed) || !reflect.DeepEqual(changed, c.changed) || service != c.service {
			t.Errorf("%s: added %v, removed %v, changed %v, service %v", c.name, added, removed, changed, service)
		}
	}
	moved := parse(t, base)
	moved.Dir = "/elsewhere"
	if _, _, changed, _ := Changed(parse(t, base), moved); len(changed) != 3 {
		t.Errorf("a moved definition changes every program, not %v", changed)
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
