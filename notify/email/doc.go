// Package email sends messages as mails, through an SMTP server.
//
// The connection is encrypted: by default the server must offer STARTTLS with a certificate that is valid for its name. A mail is plain
// text. Its subject is the title of the message, its body everything else, with whole links; see [notify.Message.Parts].
//
// # Threads and repeats
//
// The Message-ID is made of the key of the message, so that all tries of a message have the same one. References and In-Reply-To are made of
// the incident, so that mail programs show the mails about an incident as one conversation. Both are hashes, and show nothing of the ids.
//
// # Lists
//
// A message with a link to unsubscribe gets the headers List-Unsubscribe and List-Unsubscribe-Post (RFC 8058), by which a mail program
// offers a button. Every mail says that a program has sent it (Auto-Submitted), so that no holiday notice comes back.
//
// # Errors
//
// Errors name the server and the code of its answer. They contain no address, no password and no text of the server. Permanent are a missing
// or malformed address, an answer 5xx to the sender, the recipient or the mail, and refused credentials (535). Everything else is retried:
// an answer 4xx, a server that does not answer, a certificate that is not valid.
package email
