package launchplan

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/definition"
)

func TestBounds(t *testing.T) {
	def, err := definition.Parse([]byte(`name: shop
programs:
  a:
    command: [/bin/true]
    resources: {rlimits: {nofile: 2000000, core: unlimited}}
  b:
    command: [/bin/true]
    resources: {rlimits: {nofile: {soft: 1024, hard: 4096}}}
`), "daruma.yaml", os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	if wrong := (Bounds{}).Refused(def); wrong != nil {
		t.Errorf("unknown bounds refuse: %v", wrong)
	}
	if wrong := (Bounds{Hard: map[string]uint64{"nofile": 4096, "core": 0}, Raise: true}).Refused(def); wrong != nil {
		t.Errorf("root is refused: %v", wrong)
	}
	wrong := Bounds{Hard: map[string]uint64{"nofile": 4096, "core": definition.Unlimited}}.Refused(def)
	if len(wrong) != 1 {
		t.Fatalf("refused: %v, want a's nofile alone", wrong)
	}
	for _, want := range []string{"daruma.yaml:5:", "programs.a.resources.rlimits.nofile: is 2000000", "is 4096", "LimitNOFILE=2000000"} {
		if !strings.Contains(wrong[0].Error(), want) {
			t.Errorf("%q doesn't say %q", wrong[0], want)
		}
	}
}

func TestBoundsOfThisProcess(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	b := BoundsOf(os.Getpid())
	if b.Hard["nofile"] != limit.Max || len(b.Hard) != 16 {
		t.Errorf("read %v, want 16 limits and nofile %d", b.Hard, limit.Max)
	}
	if mayRaise("Name:\tx\nCapEff:\t0000000000000400\nCapBnd:\t000001ffffffffff\n") || !mayRaise("Name:\tx\nCapEff:\t000001ffffffffff\n") {
		t.Error("CAP_SYS_RESOURCE isn't read from CapEff")
	}
	if BoundsOf(-1).Hard != nil {
		t.Error("the bounds of no process are known")
	}
}

// TestOnlyRootChangesTheUser: the kernel would say "operation not permitted" of the executable.
func TestOnlyRootChangesTheUser(t *testing.T) {
	def, err := definition.Parse([]byte(`name: shop
programs:
  own: {command: [/bin/true], securityContext: {runAsUser: "61745"}}
  other: {command: [/bin/true], securityContext: {runAsUser: root}}
  none: {command: [/bin/true]}
`), "daruma.yaml", os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	user, no, setuid := 61745, uint64(0), uint64(1<<unix.CAP_SETUID)
	wrong := Bounds{User: &user, Capabilities: &no, Raise: true}.Refused(def)
	if len(wrong) != 1 || !strings.Contains(wrong[0].Error(), "programs.other.securityContext.runAsUser: is root, and daruma runs as the ordinary user 61745") {
		t.Errorf("refused: %v", wrong)
	}
	for name, b := range map[string]Bounds{"who may": {User: &user, Capabilities: &setuid}, "unknown": {Capabilities: &no}} {
		if wrong := b.Refused(def); wrong != nil {
			t.Errorf("%s: %v", name, wrong)
		}
	}
	if b := BoundsOf(os.Getpid()); b.User == nil || *b.User != os.Geteuid() {
		t.Errorf("this process' user is %v", b.User)
	}
}

// More programs than open files for them are counted before any is started.
func TestMorePrograms(t *testing.T) {
	var text strings.Builder
	text.WriteString("name: shop\nprograms:\n")
	for i := range 100 {
		fmt.Fprintf(&text, "  p%d: {command: [/bin/true]}\n", i)
	}
	text.WriteString("  j: {command: [/bin/true], logs: {format: json}}\n")
	def, err := definition.Parse([]byte(text.String()), "daruma.yaml", os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	const need = 64 + 100*3 + 5
	if said := (Bounds{Hard: map[string]uint64{"nofile": need}}).TooManyPrograms(def); said != "" {
		t.Error(said)
	}
	few := Bounds{Hard: map[string]uint64{"nofile": 300}}
	if said := few.TooManyPrograms(def); !strings.Contains(said, "101 programs need 369 open files, and the hard limit that daruma's processes have is 300, enough for 78") {
		t.Error(said)
	}
	if wrong := few.Refused(def); wrong != nil {
		t.Errorf("refused: %v", wrong)
	}
}
