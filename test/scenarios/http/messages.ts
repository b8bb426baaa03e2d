/**
 * A request with the status it must be refused with, or 200. `nodeDiffers` says why Node's own server judges it
 * otherwise, in some version at least; everywhere else the two must agree.
 */
export interface Sample {
  readonly name: string
  readonly text: string
  readonly status: number
  readonly nodeDiffers?: string
}

const host = 'Host: a\r\n'
const post = `POST / HTTP/1.1\r\n${host}`

function withHeader(line: string): string {
  return `GET / HTTP/1.1\r\n${host}${line}\r\n\r\n`
}

function chunked(body: string): string {
  return `${post}Transfer-Encoding: chunked\r\n\r\n${body}`
}

const VALID: readonly Sample[] = [
  { name: 'a simple GET', text: `GET / HTTP/1.1\r\n${host}\r\n`, status: 200 },
  { name: 'HTTP/1.0 without Host', text: 'GET / HTTP/1.0\r\n\r\n', status: 200 },
  { name: 'an empty line before the request', text: `\r\nGET / HTTP/1.1\r\n${host}\r\n`, status: 200 },
  { name: 'absolute form', text: `GET http://a/x?y HTTP/1.1\r\n${host}\r\n`, status: 200 },
  { name: 'asterisk form', text: `OPTIONS * HTTP/1.1\r\n${host}\r\n`, status: 200 },
  { name: 'an empty Host', text: 'GET / HTTP/1.1\r\nHost:\r\n\r\n', status: 200 },
  { name: 'an IPv6 Host', text: 'GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n', status: 200 },
  { name: 'header names in any case', text: 'GET / HTTP/1.1\r\nhOST: a\r\n\r\n', status: 200 },
  { name: 'blanks around a value', text: withHeader('X: \t y \t'), status: 200 },
  { name: 'an empty value', text: withHeader('X:'), status: 200 },
  { name: 'bytes above 127 in a value', text: withHeader('X: \xe9\xff'), status: 200 },
  { name: 'every token character in a name', text: withHeader("!#$%&'*+-.^_`|~09AZaz: x"), status: 200 },
  { name: 'a sized body', text: `${post}Content-Length: 3\r\n\r\nabc`, status: 200 },
  { name: 'Content-Length: 0', text: `${post}Content-Length: 0\r\n\r\n`, status: 200 },
  { name: 'a chunked body', text: chunked('3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n'), status: 200 },
  { name: 'chunk extensions', text: chunked('1;a=b;c="d"\r\nx\r\n0;z\r\n\r\n'), status: 200 },
  { name: 'trailers', text: chunked('1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n'), status: 200 },
  { name: 'chunked in capitals', text: `${post}Transfer-Encoding: Chunked\r\n\r\n0\r\n\r\n`, status: 200 },
  {
    name: 'a method nobody knows',
    text: `BREW / HTTP/1.1\r\n${host}\r\n`,
    status: 200,
    nodeDiffers: 'its parser has a list of methods; ours leaves that to the server',
  },
  {
    name: 'the same Content-Length twice',
    text: `${post}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx`,
    status: 200,
    nodeDiffers: 'RFC 9110, 8.6 allows either',
  },
  {
    name: 'a blank before a chunk extension',
    text: chunked('1 ;a\r\nx\r\n0\r\n\r\n'),
    status: 200,
    nodeDiffers: 'RFC 9112, 7.1.1 demands that it be read; Node refuses it',
  },
]

const MALFORMED: readonly Sample[] = [
  { name: 'no request at all', text: 'hello\r\n\r\n', status: 400 },
  { name: 'a blank before the method', text: ` GET / HTTP/1.1\r\n${host}\r\n`, status: 400 },
  { name: 'a byte above 127 in the target', text: `GET /\xe9 HTTP/1.1\r\n${host}\r\n`, status: 400 },
  { name: 'a target that is no form', text: `GET x HTTP/1.1\r\n${host}\r\n`, status: 400 },
  { name: 'a version that is none', text: `GET / HTTX/1.1\r\n${host}\r\n`, status: 400 },
  { name: 'no Host in HTTP/1.1', text: 'GET / HTTP/1.1\r\n\r\n', status: 400 },
  { name: 'a line without a colon', text: withHeader('nonsense'), status: 400 },
  { name: 'an empty header name', text: withHeader(': x'), status: 400 },
  { name: 'a blank in a header name', text: withHeader('X Y: z'), status: 400 },
  { name: 'a blank before the colon', text: withHeader('X : y'), status: 400 },
  { name: 'NUL in a value', text: withHeader('X: a\0b'), status: 400 },
  { name: 'a bare CR in a value', text: withHeader('X: a\rb'), status: 400 },
  { name: 'a Content-Length with a sign', text: `${post}Content-Length: +1\r\n\r\nx`, status: 400 },
  { name: 'a hexadecimal Content-Length', text: `${post}Content-Length: 0x1\r\n\r\nx`, status: 400 },
  { name: 'an empty Content-Length', text: `${post}Content-Length:\r\n\r\n`, status: 400 },
  { name: 'a list of Content-Lengths', text: `${post}Content-Length: 1, 1\r\n\r\nx`, status: 400 },
  {
    name: 'two different Content-Lengths',
    text: `${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`,
    status: 400,
  },
  {
    name: 'Content-Length with Transfer-Encoding',
    text: `${post}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  {
    name: 'Transfer-Encoding with Content-Length',
    text: `${post}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  {
    name: 'chunked before the last coding',
    text: `${post}Transfer-Encoding: chunked, gzip\r\n\r\n`,
    status: 400,
  },
  { name: 'another transfer coding', text: `${post}Transfer-Encoding: gzip\r\n\r\n`, status: 501 },
  { name: 'a chunk size without digits', text: chunked('\r\n'), status: 400 },
  { name: 'a chunk size that is no number', text: chunked('xyz\r\n'), status: 400 },
  { name: 'a chunk size with a sign', text: chunked('-1\r\n'), status: 400 },
  { name: 'a chunk size with 0x', text: chunked('0x1\r\nx\r\n0\r\n\r\n'), status: 400 },
  { name: 'a chunk longer than its size', text: chunked('1\r\nxy\r\n0\r\n\r\n'), status: 400 },
  { name: 'a malformed trailer', text: chunked('0\r\nA B: c\r\n\r\n'), status: 400 },
  { name: 'HTTP/1.2', text: `GET / HTTP/1.2\r\n${host}\r\n`, status: 505 },
]

/** Node answers these differently. The reasons were looked at one by one. */
const STRICTER: readonly Sample[] = [
  { name: 'HTTP/0.9', text: 'GET /\r\n\r\n', status: 400, nodeDiffers: 'it answers' },
  {
    name: 'an empty Transfer-Encoding',
    text: `${post}Transfer-Encoding:\r\n\r\n`,
    status: 400,
    nodeDiffers: 'it takes that for no coding',
  },
  { name: 'HTTP/2.0', text: `GET / HTTP/2.0\r\n${host}\r\n`, status: 505, nodeDiffers: 'it answers in 1.1' },
  {
    name: 'an obsolete line fold',
    text: withHeader('X: a\r\n b'),
    status: 400,
    nodeDiffers: 'some versions join the lines',
  },
  {
    name: 'two Host headers',
    text: `GET / HTTP/1.1\r\n${host}Host: b\r\n\r\n`,
    status: 400,
    nodeDiffers: 'it takes the first',
  },
  {
    name: 'a Host that is none',
    text: 'GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n',
    status: 400,
    nodeDiffers: 'it does not look',
  },
  {
    name: 'lines that end in LF',
    text: 'GET / HTTP/1.1\nHost: a\n\n',
    status: 400,
    nodeDiffers: 'some versions take them',
  },
  {
    name: 'a fragment in the target',
    text: `GET /#x HTTP/1.1\r\n${host}\r\n`,
    status: 400,
    nodeDiffers: 'it passes them on',
  },
  {
    name: 'two blanks in the request line',
    text: `GET  / HTTP/1.1\r\n${host}\r\n`,
    status: 400,
    nodeDiffers: 'it skips them',
  },
  {
    name: 'a coding before chunked',
    text: `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    status: 501,
    nodeDiffers: 'it leaves the other coding to the application',
  },
  {
    name: 'Transfer-Encoding in HTTP/1.0',
    text: 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    status: 400,
    nodeDiffers: 'it decodes the body',
  },
  { name: 'an expectation nobody knows', text: withHeader('Expect: x'), status: 417 },
]

export const SAMPLES: readonly Sample[] = [...VALID, ...MALFORMED, ...STRICTER]
