/** What a browser gets from the server: the rooms, to try by hand. */
export const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>websocket-rooms</title>
<style>
body { font: 16px/1.4 sans-serif; max-width: 40em; margin: 2em auto; padding: 0 1em }
#log { border: 1px solid #888; height: 16em; overflow: auto; padding: .5em; white-space: pre-wrap }
</style>
<h1>websocket-rooms</h1>
<form id="form">
  <label>Room <input id="room" value="hall"></label>
  <label>Text <input id="text" autofocus></label>
  <label><input type="checkbox" id="alert"> alert</label>
  <button>Send</button>
</form>
<div id="log" role="log" aria-label="Messages"></div>
<script>
const at = (id) => document.getElementById(id)
const show = (line) => { at('log').append(line + '\\n'); at('log').scrollTop = 1e9 }
const socket = new WebSocket(location.href.replace(/^http/, 'ws'))
const say = (message) => socket.send(JSON.stringify({ room: at('room').value, ...message }))
socket.onopen = () => { show('Connected'); say({ type: 'subscribe' }) }
socket.onclose = ({ code, reason }) => show('Closed: ' + code + ' ' + reason)
socket.onmessage = ({ data }) => {
  const message = JSON.parse(data)
  show(message.type === 'message' ? message.room + ' (' + message.class + '): ' + message.text : data)
}
at('room').onchange = () => say({ type: 'subscribe' })
at('form').onsubmit = (event) => {
  event.preventDefault()
  say({ type: 'message', class: at('alert').checked ? 'alert' : 'chat', text: at('text').value })
  at('text').value = ''
}
</script>
</html>
`
