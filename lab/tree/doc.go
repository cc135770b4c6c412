// Package tree ends what a command in a machine has started: every process that carries its mark in the environment. It looks
// at /proc and needs neither cgroups nor the parent's help, so it works on the host for Wine and inside of any machine.
package tree
