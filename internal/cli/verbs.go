package cli

import "github.com/spf13/cobra"

// verbs lists every verb, in the order that help shows them.
func verbs(std IO) []*cobra.Command {
	return []*cobra.Command{}
}
