// Package notify delivers notices about jobs: as e-mail through an SMTP server and
// as signed posts to webhooks. It words the messages.
//
// It decides neither what is worth a notice nor when a delivery that failed is tried
// again; its errors say whether another attempt makes sense.
package notify
