package launch

// The encoded form of a Plan: a mark at its beginning, then the fields in order; numbers as unsigned varints, strings and lists with their
// length before them. Behind these stand fields that came later, each with its number and then its value as a string, in order of the
// numbers, from 1 on, and only where it isn't zero. There is none so far. The fields in front stay as they are for ever.
//
// So a newer daruma and an older one read each other's plans. They do at an upgrade and on its way back, where a keeper hands the plans of what
// runs to its other image, and where a supervisor of the file on disk gives orders to a keeper that is older. Who carries a plan out takes
// none with a field that it doesn't know: the field may be what keeps a program from doing harm. Who hands it on keeps that field.
//
// What is read isn't trusted: each count is compared with the bytes that are left before anything is allocated.

const (
	planMagic = "DARUMA-PLAN-1\n"
	maxPlan   = 8 << 20 // bytes; the kernel takes at most 6 MiB of arguments and environment
)

const (
	flagSetGroups = 1 << iota
	flagNoNewPrivs
	flagNice
	flagUmask
	flagNotify
	flagsKnown = 1<<iota - 1
)

// Encode gives the encoded form of a plan. It doesn't check the plan: [Decode] does.
func Encode(p *Plan) []byte {
	w := writer(planMagic)
	w.text(p.Path)
	w.texts(p.Argv)
	w.texts(p.Env)
	w.text(p.Dir)
	w.number(uint64(p.UID + 1)) // -1, Leave, becomes 0
	w.number(uint64(p.GID + 1))
	w.number(uint64(len(p.Groups)))
	for _, g := range p.Groups {
		w.number(uint64(g))
	}
	w.texts(p.AddCaps)
	w.texts(p.DropCaps)
	w.number(uint64(len(p.Rlimits)))
	for _, l := range p.Rlimits {
		w.text(l.Name)
		w.number(l.Soft)
		w.number(l.Hard)
	}
	w.texts(p.ListenNames)
	w.number(uint64(p.Parent))
	w.flags(p)
	w.number(uint64(p.Memory))
	w.number(uint64(p.MilliCPU))
	w.number(uint64(p.Processes))
	w.number(p.Affinity)
	return append(w, p.later...)
}

// Decode reads what Encode wrote and checks it with [Plan.Check]. Anything else is refused with an error.
func Decode(data []byte) (*Plan, error) { return new(Decoder).Decode(data) }

// Decoder decodes many plans. Most programs of a service have nearly the same environment: equal texts, and equal lists of them, are kept
// once. The plans of one Decoder may share them, so nobody changes a plan's Env in place. The zero value is ready.
type Decoder struct {
	known map[string]string
	env   []string // the last plan's
}

// maxKnown is how many texts a Decoder remembers before it begins anew.
const maxKnown = 4096

// Decode is like the function of that name.
func (d *Decoder) Decode(data []byte) (*Plan, error) {
	p, err := d.DecodeAny(data)
	if err != nil {
		return nil, err
	}
	if err := p.Check(); err != nil {
		return nil, err
	}
	return p, nil
}

// DecodeAny takes the plan of a newer daruma, too, to compare it or to hand it on: [Plan.Check] says what this daruma can't carry out of it,
// and [Encode] writes it as it was.
func (d *Decoder) DecodeAny(data []byte) (*Plan, error) {
	if len(data) > maxPlan {
		return nil, planError("it is longer than 8 MiB")
	}
	if len(data) < len(planMagic) || string(data[:len(planMagic)]) != planMagic {
		return nil, planError("it doesn't begin with the mark of a plan")
	}
	r := reader{rest: data[len(planMagic):]}
	p := &Plan{Path: r.text(), Argv: r.texts(), Env: d.environment(&r), Dir: r.text(), UID: r.id() - 1, GID: r.id() - 1}
	for range r.count(1) {
		p.Groups = append(p.Groups, r.id())
	}
	p.AddCaps, p.DropCaps = r.texts(), r.texts()
	for range r.count(3) {
		p.Rlimits = append(p.Rlimits, Rlimit{Name: r.text(), Soft: r.number(), Hard: r.number()})
	}
	p.ListenNames = r.texts()
	p.Parent = r.id()
	r.flags(p)
	p.Memory, p.MilliCPU, p.Processes, p.Affinity = int64(r.number()), int64(r.number()), int(r.number()), r.number()
	p.later = r.later()
	if r.bad {
		return nil, planError("it is damaged")
	}
	return p, nil
}

// environment reads a list like [reader.texts].
func (d *Decoder) environment(r *reader) []string {
	if d.known == nil || len(d.known) > maxKnown {
		d.known = map[string]string{}
	}
	r.known = d.known
	env := r.texts()
	r.known = nil
	if !equal(env, d.env) {
		d.env = env
	}
	return d.env
}

// equal is slices.Equal, which this package does without: see its documentation.
func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

type writer []byte

func (w *writer) number(n uint64) {
	for n >= 0x80 {
		*w = append(*w, byte(n)|0x80)
		n >>= 7
	}
	*w = append(*w, byte(n))
}

func (w *writer) text(s string) {
	w.number(uint64(len(s)))
	*w = append(*w, s...)
}

func (w *writer) texts(list []string) {
	w.number(uint64(len(list)))
	for _, s := range list {
		w.text(s)
	}
}

func (w *writer) flags(p *Plan) {
	var flags, nice, umask uint64
	if p.SetGroups {
		flags |= flagSetGroups
	}
	if p.NoNewPrivs {
		flags |= flagNoNewPrivs
	}
	if p.Nice != nil {
		flags |= flagNice
		nice = uint64(*p.Nice + 128)
	}
	if p.Umask != nil {
		flags |= flagUmask
		umask = uint64(*p.Umask)
	}
	if p.Notify {
		flags |= flagNotify
	}
	w.number(flags)
	w.number(nice)
	w.number(umask)
}

// reader takes fields off the front. After the first one that isn't there it is bad, and every field zero.
type reader struct {
	rest  []byte
	bad   bool
	known map[string]string // texts that were read before; nil: don't look
}

func (r *reader) fail() { r.bad, r.rest = true, nil }

func (r *reader) number() uint64 {
	var n uint64
	for i := 0; i < len(r.rest) && i < 10; i++ {
		b := r.rest[i]
		if i == 9 && b > 1 {
			break // more than 64 bits
		}
		n |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			r.rest = r.rest[i+1:]
			return n
		}
	}
	r.fail()
	return 0
}

// id reads a user, group or process number, or one more than that: see Encode.
func (r *reader) id() int {
	n := r.number()
	if n > maxID+1 {
		r.fail()
		return 0
	}
	return int(n)
}

// count reads how many elements follow, each of at least size bytes.
func (r *reader) count(size int) int {
	n := r.number()
	if n > uint64(len(r.rest)/size) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.count(1)
	b := r.rest[:n]
	r.rest = r.rest[n:]
	if r.known == nil {
		return string(b)
	}
	s, ok := r.known[string(b)] // allocates nothing
	if !ok {
		s = string(b)
		r.known[s] = s
	}
	return s
}

func (r *reader) texts() []string {
	n := r.count(1)
	if n == 0 {
		return nil
	}
	list := make([]string, 0, n)
	for range n {
		list = append(list, r.text())
	}
	return list
}

// later reads the fields that aren't known to this daruma.
func (r *reader) later() string {
	all := string(r.rest)
	for last := uint64(0); len(r.rest) > 0; {
		n := r.number()
		if n <= last {
			r.fail()
		}
		last = n
		r.text()
	}
	return all
}

func (r *reader) flags(p *Plan) {
	flags, nice, umask := r.number(), r.number(), r.number()
	if flags > flagsKnown || nice > 255 || umask > 0o777 {
		r.fail()
		return
	}
	p.SetGroups = flags&flagSetGroups != 0
	p.NoNewPrivs = flags&flagNoNewPrivs != 0
	p.Notify = flags&flagNotify != 0
	if flags&flagNice != 0 {
		n := int(nice) - 128
		p.Nice = &n
	}
	if flags&flagUmask != 0 {
		u := uint32(umask)
		p.Umask = &u
	}
}
