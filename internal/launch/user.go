package launch

// User is an account of the system.
type User struct {
	Name   string // "" for a number that no account has
	UID    int
	GID    int    // primary group; Leave for a number that no account has: then the definition must name a group
	Groups []int  // every group of the user, the primary one first; what setgroups(2) is given
	Home   string // "/" for a number that no account has
	Shell  string // "" where the account has none
}

// Identify fills UID, GID, Groups and SetGroups from names or numbers as a definition's securityContext has them. user "" is
// the keeper's, group "" is the user's primary group; without supplemental groups the program has those the user is in. The
// account is returned for HOME, USER and LOGNAME; it is zero where user is "".
func (p *Plan) Identify(user, group string, supplemental []string) (User, error) {
	account := User{}
	p.UID, p.GID, p.Groups, p.SetGroups = Leave, Leave, nil, false
	if user != "" {
		u, err := LookupUser(user)
		if err != nil {
			return User{}, err
		}
		account = u
		p.UID, p.GID, p.Groups, p.SetGroups = u.UID, u.GID, u.Groups, true
	}
	if group != "" {
		gid, err := LookupGroup(group)
		if err != nil {
			return User{}, err
		}
		p.GID = gid
		if user != "" && account.Name == "" {
			p.Groups = []int{gid}
		}
	}
	if p.UID != Leave && p.GID == Leave {
		return User{}, planError("user " + user + " has no account, so its group isn't known: set runAsGroup too")
	}
	if len(supplemental) > 0 {
		p.SetGroups, p.Groups = true, nil
		for _, name := range supplemental {
			gid, err := LookupGroup(name)
			if err != nil {
				return User{}, err
			}
			p.Groups = append(p.Groups, gid)
		}
	}
	return account, nil
}
