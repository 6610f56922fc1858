// Package portal is the web portal: an administrator does in the browser what the
// command line and the API do, sees how provisioning is doing, and gets an answer to
// why. It is put together here of areas, one for each part of the work, in folders of
// their own; package page is the frame that they share.
//
// It holds no rules of provisioning: what is done is done by package administration,
// which the command line and the API call, too.
package portal
