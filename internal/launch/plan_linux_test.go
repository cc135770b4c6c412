package launch

import (
	"bytes"
	"errors"
	"os/exec"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

func pointer[T any](v T) *T { return &v }

func fullPlan() *Plan {
	return &Plan{
		Path: "/bin/true", Argv: []string{"true", ""}, Env: []string{"A=1", "B=zwei\nDrei", "C"}, Dir: "/srv",
		UID: 1000, GID: 1001, Groups: []int{1001, 4, maxID}, SetGroups: true,
		AddCaps: []string{"NET_BIND_SERVICE"}, DropCaps: []string{"ALL", "CAP_SYS_ADMIN"}, NoNewPrivs: true,
		Rlimits: []Rlimit{{"nofile", 1024, 4096}, {"core", 0, Unlimited}},
		Nice:    pointer(-20), Umask: pointer(uint32(0o027)), ListenNames: []string{"http", ""}, Notify: true, Parent: 4711,
	}
}

func plainPlan(argv ...string) Plan {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		panic(err)
	}
	return Plan{Path: path, Argv: argv, UID: Leave, GID: Leave}
}

func TestPlanComesBackAsItWent(t *testing.T) {
	for name, p := range map[string]*Plan{"full": fullPlan(), "bare": pointer(plainPlan("true"))} {
		got, err := Decode(Encode(p))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, p) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, p)
		}
	}
}

func TestEveryCutOfAPlanIsRefused(t *testing.T) {
	data := Encode(fullPlan())
	for n := range data {
		if _, err := Decode(data[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were taken for a plan", n, len(data))
		}
	}
	for _, more := range []string{"\x00", "\x01", "\x01\x02x", "\x00\x01x", "\x02\x01x\x01\x01y", "\x01\x01x\x01\x01y"} {
		if _, err := new(Decoder).DecodeAny(append(data, more...)); err == nil {
			t.Errorf("a plan with %q too many was taken", more)
		}
	}
}

// olderPlan is fullPlan in the form that every daruma reads.
const olderPlan = "DARUMA-PLAN-1\n\t/bin/true\x02\x04true\x00\x03\x03A=1\vB=zwei\nDrei\x01C\x04/srv\xe9\a\xea\a\x03\xe9\a\x04\xfe\xff\xff\xff\x0f\x01\x10NET_BIND_SERVICE" +
	"\x02\x03ALL\rCAP_SYS_ADMIN\x02\x06nofile\x80\b\x80 \x04core\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x04http\x00\xe7$\x1fl\x17\x00\x00\x00\x00"

// TestPlansOfOtherVersions: what a newer daruma asks for isn't carried out without that, and isn't lost where the plan is only handed on; what
// every daruma before wrote is read. Who has changed the form of a plan so that this fails has to add the field behind the others instead.
func TestPlansOfOtherVersions(t *testing.T) {
	newer := append(Encode(fullPlan()), "\x01\x06strict\x81\x01\x00"...)
	if _, err := Decode(newer); err == nil || !strings.Contains(err.Error(), "only a newer daruma knows") {
		t.Errorf("a plan with fields that aren't known is carried out: %v", err)
	}
	p, err := new(Decoder).DecodeAny(newer)
	if err != nil || !bytes.Equal(Encode(p), newer) {
		t.Fatalf("%v: it was\n%q and is\n%q", err, newer, Encode(p))
	}
	if p.later = ""; !reflect.DeepEqual(p, fullPlan()) {
		t.Errorf("the rest of it is %+v", p)
	}
	if p, err := Decode([]byte(olderPlan)); err != nil || !reflect.DeepEqual(p, fullPlan()) {
		t.Errorf("an older daruma's: %v, %+v", err, p)
	}
}

func TestHostilePlans(t *testing.T) {
	cases := map[string]func(*Plan){
		"NUL byte":                       func(p *Plan) { p.Argv = []string{"a\x00b"} },
		"contains a NUL":                 func(p *Plan) { p.Env = []string{"A=\x00"} },
		"a path, an argument":            func(p *Plan) { p.Dir = "/\x00" },
		"no executable":                  func(p *Plan) { p.Path = "" },
		"argv is empty":                  func(p *Plan) { p.Argv = nil },
		"unknown rlimit \"files\"":       func(p *Plan) { p.Rlimits = []Rlimit{{"files", 1, 1}} },
		"soft limit is above":            func(p *Plan) { p.Rlimits = []Rlimit{{"nofile", 2, 1}} },
		"niceness must be":               func(p *Plan) { p.Nice = pointer(20) },
		"unknown capability \"ALL\"":     func(p *Plan) { p.AddCaps = []string{"ALL"} },
		"unknown capability \"net_raw\"": func(p *Plan) { p.DropCaps = []string{"net_raw"} },
		"unknown capability \"\"":        func(p *Plan) { p.DropCaps = []string{""} },
		"more than 65,536":               func(p *Plan) { p.Groups = make([]int, maxGroups+1) },
		"not to be set":                  func(p *Plan) { p.SetGroups = false },
		"has a colon":                    func(p *Plan) { p.ListenNames = []string{"a:b"} },
		"socket name \"\\n\"":            func(p *Plan) { p.ListenNames = []string{"\n"} },
		"more than 1024 sockets":         func(p *Plan) { p.ListenNames = make([]string, maxListen+1) },
	}
	for want, spoil := range cases {
		p := fullPlan()
		spoil(p)
		if _, err := Decode(Encode(p)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
	for want, p := range map[string]*Plan{
		"user or group -2 is out of range": {Path: "/x", Argv: []string{"x"}, UID: -2},
		"umask must be":                    {Path: "/x", Argv: []string{"x"}, Umask: pointer(uint32(0o1000))},
		"supplementary group is -1":        {Path: "/x", Argv: []string{"x"}, SetGroups: true, Groups: []int{-1}},
		"parent's pid is negative":         {Path: "/x", Argv: []string{"x"}, Parent: -1},
	} {
		if err := p.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

func TestHugeCountsAllocateNothing(t *testing.T) {
	huge := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01} // 2⁶⁴-1
	for _, prefix := range []string{"", "\x01x", "\x01x\x01\x01x", "\x01x\x01\x01x\x00\x00\x00\x00"} {
		data := append([]byte(planMagic+prefix), huge...)
		if n := testing.AllocsPerRun(1, func() {
			if _, err := Decode(data); err == nil {
				t.Errorf("%q with a huge count was taken for a plan", prefix)
			}
		}); n > 20 {
			t.Errorf("%q with a huge count allocated %v times", prefix, n)
		}
	}
	if _, err := Decode(make([]byte, maxPlan+1)); err == nil {
		t.Error("a plan beyond the limit was taken")
	}
}

func TestNeeded(t *testing.T) {
	direct := plainPlan("true")
	direct.UID, direct.GID, direct.SetGroups, direct.Groups, direct.Dir, direct.Parent = 1, 1, true, []int{1}, "/", 1
	direct.Notify = true
	if direct.needsLauncher() {
		t.Error("a plan with user, group, folder and notify channel doesn't need the launcher")
	}
	for name, change := range map[string]func(*Plan){
		"AddCaps":     func(p *Plan) { p.AddCaps = []string{"CHOWN"} },
		"DropCaps":    func(p *Plan) { p.DropCaps = []string{"ALL"} },
		"NoNewPrivs":  func(p *Plan) { p.NoNewPrivs = true },
		"Rlimits":     func(p *Plan) { p.Rlimits = []Rlimit{{"core", 0, 0}} },
		"Nice":        func(p *Plan) { p.Nice = pointer(0) },
		"Umask":       func(p *Plan) { p.Umask = pointer(uint32(0)) },
		"ListenNames": func(p *Plan) { p.ListenNames = []string{""} },
	} {
		p := plainPlan("true")
		change(&p)
		if !p.needsLauncher() {
			t.Errorf("%s needs the launcher", name)
		}
	}
}

func TestStatus(t *testing.T) {
	if err := parseStatus([]byte{reachedExec}); err != nil {
		t.Errorf("success: %v", err)
	}
	for _, data := range []string{"", "\x01\x00", "x\x01"} {
		if err := parseStatus([]byte(data)); err == nil || !strings.Contains(err.Error(), "before it reached exec") {
			t.Errorf("%q: got %v", data, err)
		}
	}
	err := parseStatus([]byte("x\x02\x00\x00\x00starting /x"))
	if !errors.Is(err, syscall.ENOENT) || err.Error() != "starting /x: no such file or directory" {
		t.Errorf("got %v", err)
	}
}

// TestImportsStayFew holds the start-up cost down: the launcher runs before every package that this one doesn't import.
func TestImportsStayFew(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", "{{join .Imports \" \"}}", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := strings.TrimSpace(string(out)); got != "errors runtime strconv syscall unsafe" {
		t.Errorf("the package imports %s; see its documentation", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(fullPlan()))
	f.Add(Encode(pointer(plainPlan("true"))))
	f.Add([]byte(planMagic))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data)
		if err != nil {
			return
		}
		if err := p.Check(); err != nil {
			t.Fatalf("decoded, but wrong: %v", err)
		}
		again, err := Decode(Encode(p))
		if err != nil || !reflect.DeepEqual(again, p) {
			t.Fatalf("%v\n got %+v\nwant %+v", err, again, p)
		}
		if !bytes.Equal(Encode(p), Encode(again)) {
			t.Fatal("two encodings")
		}
	})
}

// The keeper holds the plans of thousands of programs: what is equal in them is in memory once.
func TestDecoderShares(t *testing.T) {
	var d Decoder
	var plans []*Plan
	for _, extra := range []string{"A=1", "A=1", "B=2"} {
		p, err := d.Decode(Encode(&Plan{Path: "/bin/true", Argv: []string{"true"}, Env: []string{"HOME=/root", extra}, UID: Leave, GID: Leave}))
		if err != nil {
			t.Fatal(err)
		}
		plans = append(plans, p)
	}
	if &plans[0].Env[0] != &plans[1].Env[0] {
		t.Error("equal environments are kept twice")
	}
	if plans[2].Env[1] != "B=2" || unsafe.StringData(plans[0].Env[0]) != unsafe.StringData(plans[2].Env[0]) {
		t.Errorf("%q beside %q", plans[2].Env, plans[0].Env)
	}
}
