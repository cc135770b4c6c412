package wire

// Allowed is what a definition allows: what a keeper compares the supervisor's orders with. It comes from neither of them but from a
// process that reads the definition, writes this message into a pipe and ends.
type Allowed struct {
	Error    string   // why the definition can't be told; "": the rest holds
	Env      []string // NAME=value: what every program may have in its environment
	Programs []AllowedRun
	Sockets  []AllowedSocket
}

// AllowedRun is one command of the definition.
type AllowedRun struct {
	ID    string   // of the program, or of its hook or probe
	Plan  []byte   // an encoded launch.Plan without user and groups, its Env only what Allowed.Env doesn't have
	Paths []string // the executables that the command's first word may mean

	User, Group  string   // as the definition has them; "": the keeper's, and the user's primary group
	Supplemental []string // groups; empty: those of the user
	EnvFiles     bool     // files add variables at each start
}

// AllowedSocket is one listening socket, as the definition has it: the host in Address may be a name.
//
// One of the network [Readers] has in Address who may read the service (readers.Set). It is here, and not a field of its own, because the
// process that reads the definition may be of a newer daruma than the keeper, which passes over it here.
type AllowedSocket struct{ Name, Network, Address string }

// Readers is what the Network of an AllowedSocket is for the control socket that readers use.
const Readers = "readers"

func (m *Allowed) fields(c *coder) {
	c.str(&m.Error)
	c.strs(&m.Env)
	list(c, &m.Programs, func(r *AllowedRun) {
		c.str(&r.ID)
		c.blob(&r.Plan)
		c.strs(&r.Paths)
		c.str(&r.User)
		c.str(&r.Group)
		c.strs(&r.Supplemental)
		c.flag(&r.EnvFiles)
	})
	list(c, &m.Sockets, func(s *AllowedSocket) { c.str(&s.Name); c.str(&s.Network); c.str(&s.Address) })
}
