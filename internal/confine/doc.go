// Package confine takes from daruma's own processes what they don't need, so that less is lost where one of them is taken over.
//
// On Linux keeper and supervisor can't be reached into by other processes of their account: init makes them undumpable. Windows has
// nothing of the kind: there a process of the same account may open another one.
package confine
