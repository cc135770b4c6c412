package definition

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// decoderKeys are the keys that the decoder accepts, by the name of the schema's definition ("" is the root).
func decoderKeys() map[string][]string {
	d := &decoder{}
	limits := make([]field, 0, 16)
	for _, name := range rlimitNames() {
		limits = append(limits, field{key: name})
	}
	keys := map[string][]string{}
	for name, fields := range map[string][]field{
		"":                d.serviceFields(&Service{}),
		"program":         d.programFields(&Program{}),
		"backoff":         d.backoffFields(&Backoff{}),
		"fallback":        d.fallbackFields(&Fallback{}),
		"control":         d.controlFields(&Control{}),
		"backup":          d.backupFields(&Backup{}),
		"maxRestarts":     d.maxRestartsFields(&MaxRestarts{}),
		"probe":           d.probeFields(&Probe{}, true),
		"hook":            d.handlerFields(&Handler{}),
		"exec":            d.execFields(&ExecAction{}),
		"httpGet":         d.httpFields(&HTTPGetAction{}),
		"header":          d.headerFields(&HTTPHeader{}),
		"tcpSocket":       d.tcpFields(&TCPSocketAction{}),
		"grpc":            d.grpcFields(&GRPCAction{}),
		"lifecycle":       d.lifecycleFields(&Program{}),
		"resources":       d.resourcesFields(&Program{}),
		"limits":          d.limitsFields(&Limits{}),
		"rlimits":         limits,
		"rlimit":          d.rlimitFields(&Rlimit{}),
		"securityContext": d.securityFields(&SecurityContext{}),
		"capabilities":    d.capabilityFields(&SecurityContext{}),
		"listener":        d.listenerFields(&Listener{}),
		"logs":            d.logsFields(&Logs{}),
	} {
		for _, f := range fields {
			keys[name] = append(keys[name], f.key)
		}
		slices.Sort(keys[name])
	}
	return keys
}

// TestSchemaKeys holds the keys of decoder and schema together, in both directions.
func TestSchemaKeys(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal([]byte(Schema()), &root); err != nil {
		t.Fatal(err)
	}
	schemas := map[string][]string{}
	collect := func(name string, s map[string]any) {
		for key := range s["properties"].(map[string]any) {
			schemas[name] = append(schemas[name], key)
		}
		slices.Sort(schemas[name])
		if s["additionalProperties"] != false {
			t.Errorf("%q lets unknown keys pass", name)
		}
	}
	collect("", root)
	for name, def := range root["$defs"].(map[string]any) {
		s := def.(map[string]any)
		if alternatives, ok := s["oneOf"].([]any); ok && s["properties"] == nil {
			for _, a := range alternatives {
				if a := a.(map[string]any); a["properties"] != nil {
					s = a
				}
			}
		}
		if s["properties"] != nil {
			collect(name, s)
		}
	}
	decoder := decoderKeys()
	for name, keys := range decoder {
		if !slices.Equal(keys, schemas[name]) {
			t.Errorf("%q: the decoder has %v, the schema has %v", name, keys, schemas[name])
		}
	}
	for name := range schemas {
		if decoder[name] == nil {
			t.Errorf("the schema's definition %q is unknown to this test", name)
		}
	}
}

// TestSchemaDescriptions: what an editor shows for each field.
func TestSchemaDescriptions(t *testing.T) {
	var root map[string]any
	if err := json.Unmarshal([]byte(Schema()), &root); err != nil {
		t.Fatal(err)
	}
	defs := root["$defs"].(map[string]any)
	count := 0
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, p := range asMap(v["properties"]) {
				count++
				s := p.(map[string]any)
				ref, _ := s["$ref"].(string)
				target := asMap(defs[strings.TrimPrefix(ref, "#/$defs/")])
				if text, _ := s["description"].(string); text == "" && target["description"] == nil {
					t.Errorf("%s.%s has no description", path, key)
				}
			}
			for key, child := range v {
				walk(path+"."+key, child)
			}
		case []any:
			for _, child := range v {
				walk(path, child)
			}
		}
	}
	walk("", root)
	if count < 90 {
		t.Errorf("only %d fields seen", count)
	}
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func compileSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate gives what an editor would say about src.
func validate(t testing.TB, s *jsonschema.Schema, src []byte) error {
	t.Helper()
	var v any
	if err := yaml.Unmarshal(src, &v); err != nil {
		t.Fatalf("the YAML library: %v\n%s", err, src)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc)
}

// TestSchemaAcceptsValid: what the decoder takes, editors take.
func TestSchemaAcceptsValid(t *testing.T) {
	s := compileSchema(t)
	files, err := filepath.Glob("testdata/valid-*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, src); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for _, program := range validPrograms() {
		src := "name: a\nprograms:\n  b: {command: [c], " + program + "}\n  other: {command: [c]}\n"
		if _, err := Parse([]byte(src), "", testEnv); err != nil {
			t.Errorf("decoder: %v\n%s", err, src)
		}
		if err := validate(t, s, []byte(src)); err != nil {
			t.Errorf("schema: %v\n%s", err, src)
		}
	}
}

func validPrograms() []string {
	return []string{
		`resources: {limits: {memory: 1000000, cpu: 1.5}}`, `resources: {limits: {memory: "1e6", cpu: 2}}`,
		`resources: {limits: {memory: 1.5Gi, cpu: 500m}}`, `resources: {rlimits: {nofile: unlimited}}`,
		`resources: {limits: {processes: 1}, affinity: [0, 63]}`, `resources: {affinity: [1, 1]}`,
		`resources: {rlimits: {core: 0, stack: {soft: 8Mi, hard: unlimited}}}`,
		`exitCodes: {0: stop, 1-255: giveUp}`, `exitCodes: {}`, `dependsOn: {}`, `env: {A: 1, B: true, C: x, D: 1.5}`,
		`securityContext: {runAsUser: 0, runAsGroup: staff, capabilities: {drop: [CAP_ALL]}}`, `umask: "0"`,
		`logs: {maxSize: 0, maxAgeSeconds: 0}`, `backoff: {initialSeconds: 0, maxSeconds: 0}`, `terminationGracePeriodSeconds: 0`,
		`livenessProbe: {tcpSocket: {port: 1}, periodSeconds: 0.001}`, `livenessProbe: {tcpSocket: {port: "${PORT}"}}`,
		`lifecycle: {}`, `lifecycle: {onControl: {}}`, `lifecycle: {onControl: {128: {exec: {command: [x]}}, "255": {tcpSocket: {port: 1}}}}`, `resources: {}`, `lifecycle: {stopSignal: WM_CLOSE}`, `dependsOn: {other: started}`, `listen: []`,
		`livenessProbe: {notify: {}}`, `startupProbe: {notify: {}, periodSeconds: 0.5, failureThreshold: 60}`, `readinessProbe: {notify: {}}`,
		`backoff: {}`, `logs: {}`, `securityContext: {}`, `maxRestarts: {count: 1, withinSeconds: 0.5}`,
	}
}

// TestSchemaRefusesInvalid: unknown keys, wrong types and values that aren't in an enum fail in both.
func TestSchemaRefusesInvalid(t *testing.T) {
	s := compileSchema(t)
	var sources []string
	for _, program := range []string{
		`resources: {limits: {processes: 0}}`, `resources: {limits: {processes: "2"}}`, `resources: {limits: {processes: 65536}}`,
		`resources: {affinity: []}`, `resources: {affinity: 0}`, `resources: {affinity: [64]}`, `resources: {affinity: [-1]}`, `resources: {affinity: ["0"]}`,
		`bogus: 1`, `command: c`, `command: []`, `command: [1]`, `command: [[x]]`, `workingDir: 1`, `workingDir: ""`, `env: [a]`,
		`env: {A: [x]}`, `env: {A: null}`, `envFiles: x`, `envFiles: [1]`, `dependsOn: [x]`, `dependsOn: {other: running}`,
		`restartPolicy: always`, `restartPolicy: true`, `backoff: 1`, `backoff: {x: 1}`, `backoff: {factor: 0.5}`, `backoff: {jitter: 2}`,
		`backoff: {initialSeconds: -1}`, `backoff: {initialSeconds: "1"}`, `backoff: {resetAfterSeconds: 0}`, `exitCodes: [0]`,
		`exitCodes: {0: giveup}`, `exitCodes: {x: stop}`, `exitCodes: {-1: stop}`, `maxRestarts: 3`, `maxRestarts: {count: 3}`,
		`maxRestarts: {withinSeconds: 3}`, `maxRestarts: {count: 0, withinSeconds: 1}`, `maxRestarts: {count: 1.5, withinSeconds: 1}`,
		`maxRestarts: {count: 1, withinSeconds: 1, then: x}`, `livenessProbe: {}`, `livenessProbe: null`,
		`livenessProbe: {tcpSocket: {port: 80}, exec: {command: [x]}}`, `livenessProbe: {tcpSocket: {}}`,
		`livenessProbe: {tcpSocket: {port: http}}`, `livenessProbe: {tcpSocket: {port: 0}}`, `livenessProbe: {tcpSocket: {port: 65536}}`,
		`livenessProbe: {httpGet: {port: 80, scheme: http}}`, `livenessProbe: {httpGet: {port: 80, path: x}}`,
		`livenessProbe: {httpGet: {port: 80, httpHeaders: [{name: A}]}}`, `livenessProbe: {httpGet: {port: 80, httpHeaders: {A: b}}}`,
		`livenessProbe: {grpc: {service: x}}`, `livenessProbe: {exec: {}}`, `livenessProbe: {tcpSocket: {port: 80}, periodSeconds: 0}`,
		`livenessProbe: {notify: null}`, `livenessProbe: {notify: {port: 1}}`, `livenessProbe: {notify: {}, timeoutSeconds: 1}`,
		`readinessProbe: {notify: {}, successThreshold: 1}`, `readinessProbe: {notify: {}, tcpSocket: {port: 1}}`, `lifecycle: {preStop: {notify: {}}}`,
		`livenessProbe: {tcpSocket: {port: 80}, failureThreshold: 0}`, `lifecycle: {preStop: {}}`, `lifecycle: {onResume: {}}`, `lifecycle: {onControl: {127: {exec: {command: [x]}}}}`,
		`lifecycle: {onControl: {256: {exec: {command: [x]}}}}`, `lifecycle: {onControl: {x: {exec: {command: [x]}}}}`, `lifecycle: {onControl: {130: {}}}`, `lifecycle: {preStop: {grpc: {port: 80}}}`,
		`lifecycle: {stopSignal: TERM}`, `lifecycle: {stopSignal: 15}`, `terminationGracePeriodSeconds: -1`, `terminationGracePeriodSeconds: 5s`,
		`terminationGracePeriodSeconds: .inf`, `resources: {requests: {}}`, `resources: {limits: {memory: 512MB}}`,
		`resources: {limits: {memory: 1.5}}`, `resources: {limits: {memory: 0}}`, `resources: {limits: {cpu: 0}}`, `resources: {limits: {disk: 1}}`,
		`resources: {rlimits: {nofiles: 1}}`, `resources: {rlimits: {nofile: -1}}`, `resources: {rlimits: {nofile: {soft: 1}}}`,
		`resources: {rlimits: {nofile: many}}`, `nice: 20`, `nice: "1"`, `nice: 1.5`, `umask: "9"`, `umask: [x]`, `securityContext: root`,
		`securityContext: {runAsUser: -1}`, `securityContext: {runAsUser: true}`, `securityContext: {capabilities: {add: [ALL]}}`,
		`securityContext: {capabilities: {add: [NOPE]}}`, `securityContext: {allowPrivilegeEscalation: "no"}`, `securityContext: {privileged: true}`,
		`listen: {}`, `listen: [{name: x}]`, `listen: [{address: ":1"}]`, `listen: [{name: "a b", address: ":1"}]`, `logs: json`,
		`logs: {format: xml}`, `logs: {maxSize: 10MB}`, `logs: {maxFiles: 0}`, `logs: {compress: "yes"}`, `logs: {encoding: ""}`, `logs: {maxAgeSeconds: -1}`,
	} {
		key, _, _ := strings.Cut(program, ":")
		command := "command: [c], "
		if key == "command" {
			command = ""
		}
		sources = append(sources, "name: a\nprograms:\n  b: {"+command+program+"}\n  other: {command: [c]}\n")
	}
	const programs = "programs: {b: {command: [c]}}\n"
	sources = append(sources, "name: a\n", programs, "[]\n", "text\n", "name: A\n"+programs, "name: 5\n"+programs, "name: a\nprograms: {}\n",
		"name: a\nprograms: []\n", "name: a\nprograms: {b: {}}\n", "name: a\nprograms: {B: {command: [c]}}\n", "name: a\nstartType: auto\n"+programs,
		"name: a\ndependsOn: x\n"+programs, "name: a\ndependsOn: [x, x]\n"+programs, "name: a\naccount: 5\n"+programs, "name: a\nbogus: 1\n"+programs)
	for _, src := range sources {
		if _, err := Parse([]byte(src), "", testEnv); err == nil {
			t.Errorf("the decoder accepts\n%s", src)
		}
		if src = strings.ReplaceAll(src, ".inf", "text"); validate(t, s, []byte(src)) == nil {
			t.Errorf("the schema accepts\n%s", src)
		}
	}
}
