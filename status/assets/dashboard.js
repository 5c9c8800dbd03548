// Keeps the board of a page as the server has it, or says how old a page is. Without this file everything works by forms.
'use strict';
(() => {
  const body = document.body, still = matchMedia('(prefers-reduced-motion: reduce)');
  const loud = new Set([...document.querySelectorAll('[data-loud]')].map((r) => r.dataset.key));
  let skew = Number(body.dataset.now) - Date.now(), heard = Date.now(), waiting = null;
  const now = () => Date.now() + skew;

  const ago = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000));
    if (s < 120) return s + ' s';
    if (s < 7200) return Math.floor(s / 60) + ' min';
    if (s < 172800) return Math.floor(s / 3600) + ' h';
    return Math.floor(s / 86400) + ' d';
  };
  const left = (ms) => {
    const s = Math.max(0, Math.floor(ms / 1000));
    return s < 600 ? Math.floor(s / 60) + ':' + String(s % 60).padStart(2, '0') : ago(ms);
  };
  const put = (e, text) => { if (e.textContent !== text) e.textContent = text; };

  // turn counts ages and times to go, by the clock of the server, and says when nothing is heard any more.
  function turn() {
    const silent = Date.now() - heard > 15000;
    if (waiting && !silent) show(waiting, true);
    for (const e of document.querySelectorAll('time[data-since]')) put(e, ago(now() - e.dataset.since));
    if (!still.matches) for (const e of document.querySelectorAll('time[data-until]')) put(e, left(e.dataset.until - now()));
    if (!body.dataset.events) {
      const mark = document.querySelector('#asof b');
      body.classList.toggle('old', silent);
      if (mark && silent && mark.textContent !== 'stale') put(mark, ago(Date.now() - heard) + ' old,');
      return;
    }
    body.classList.toggle('off', silent);
    if (silent) {
      const said = 'We cannot say: this page has heard nothing for ' + ago(Date.now() - heard) + '.', page = document.querySelector('.page');
      const verdict = document.getElementById('verdict'), mark = document.querySelector('#asof b'), from = document.querySelector('#asof time');
      if (mark) put(mark, 'disconnected,');
      if (page) page.classList.add('stale');
      verdict.className = 'verdict blind wrap';
      put(verdict.querySelector('h1'), said + ' What you see is from ' + from.textContent + '.');
      document.title = said;
    }
  }

  // show shows a board; late says that it has waited.
  function show(next, late) {
    if (next.querySelector('[data-part]')) parts(next);
    else if (!busy()) apply(next);
    else if (!late) hold(next);
  }

  // busy reports whether somebody points at a row, has the focus in it or has its menu open: rows stay where they are then.
  function busy() {
    const board = document.getElementById('board'), at = document.activeElement;
    return Boolean(board.querySelector('.rows:hover, details[open]')) || (at && at !== body && board.contains(at) && at.closest('.row, form'));
  }

  // same returns the row of a board that is about the same as another row.
  const same = (board, row) => board.querySelector('.row[data-key="' + CSS.escape(row.dataset.key) + '"]');

  // parts shows each part of an incident that has changed. One that is written in, pointed at or has the focus waits, and stays where it is.
  function parts(next) {
    waiting = null;
    const at = document.querySelector('[data-part]:not(h1,.four):hover') || document.activeElement, top = at.getBoundingClientRect().top;
    for (const part of document.querySelectorAll('[data-part]')) {
      const after = next.querySelector('[data-part=' + part.dataset.part + ']').cloneNode(true);
      if (part.innerHTML === after.innerHTML) continue;
      const typed = [...part.querySelectorAll('input,textarea')].some((f) => f.value !== f.defaultValue);
      if (part === at || typed || part.contains(document.activeElement)) { waiting = next; continue; }
      for (const open of part.querySelectorAll('details[open]')) {
        const same = after.querySelector('[data-key="' + open.dataset.key + '"]');
        if (same) same.open = true;
      }
      part.replaceWith(after);
    }
    for (const kept of ['.verdict', '.page']) document.querySelector(kept).className = next.querySelector(kept).className;
    if (at !== body) scrollBy(0, at.getBoundingClientRect().top - top);
  }

  function apply(next) {
    waiting = null;
    const old = document.getElementById('board');
    for (const said of old.querySelectorAll('.answer')) { // what an action brought about stays beside its row
      const row = said.closest('.row'), to = row ? same(next, row) : next.querySelector('.page > *');
      if (to) row ? to.append(said) : to.prepend(said);
    }
    old.replaceWith(next);
    for (const row of next.querySelectorAll('[data-loud]')) {
      if (loud.has(row.dataset.key)) continue;
      loud.add(row.dataset.key);
      document.getElementById('alarm').textContent = row.dataset.loud;
      row.classList.add('fresh');
      setTimeout(() => row.classList.remove('fresh'), 3000);
    }
    turn();
  }

  // hold shows what can be shown without moving a row: the verdict, and each row that is still there.
  function hold(next) {
    waiting = next;
    const old = document.getElementById('board'), verdict = next.querySelector('#verdict');
    old.querySelector('#verdict').replaceWith(verdict.cloneNode(true));
    const here = new Set();
    for (const row of old.querySelectorAll('.row[data-key]')) {
      here.add(row.dataset.key);
      const after = same(next, row);
      if (!after) { row.classList.add('watched'); continue; }
      row.className = after.className;
      for (const part of ['.who', '.shape']) {
        const a = row.querySelector(part), b = after.querySelector(part);
        if (a && b) a.replaceWith(b.cloneNode(true));
      }
    }
    const fresh = [...next.querySelectorAll('.row[data-key]')].filter((r) => !here.has(r.dataset.key));
    const p1 = fresh.find((r) => r.dataset.loud && !loud.has(r.dataset.key));
    if (p1) { loud.add(p1.dataset.key); document.getElementById('alarm').textContent = p1.dataset.loud; }
    let note = old.querySelector('.new');
    if (!fresh.length) { if (note) note.remove(); return; }
    if (!note) {
      note = document.createElement('p');
      note.className = 'new';
      const show = note.appendChild(document.createElement('button'));
      show.addEventListener('click', () => waiting && apply(waiting));
      old.querySelector('.page > *').prepend(note);
    }
    put(note.firstChild, fresh.length + ' new');
  }

  function board(html) {
    const next = new DOMParser().parseFromString(html, 'text/html').getElementById('board');
    const verdict = next && next.querySelector('#verdict');
    if (!verdict) return;
    document.title = verdict.dataset.title;
    const icon = document.querySelector('link[rel=icon]');
    icon.href = icon.href.replace(/[a-z]+\.svg$/, verdict.dataset.icon + '.svg');
    show(next);
  }

  setInterval(turn, 1000);
  turn();
  if (!body.dataset.events) return;
  const alive = (at, html) => {
    heard = Date.now();
    skew = Number(at) - heard;
    body.classList.remove('off');
    const asof = document.getElementById('asof');
    if (asof && html) asof.innerHTML = html;
  };
  // listen opens the stream. A browser tries again by itself unless the server refuses, as it may while its store is away.
  function listen() {
    const stream = new EventSource(body.dataset.events);
    stream.addEventListener('board', (e) => { alive(e.lastEventId.split('.')[1]); board(e.data); turn(); });
    stream.addEventListener('alive', (e) => { const i = e.data.indexOf(' '); alive(e.data.slice(0, i), e.data.slice(i + 1)); turn(); });
    stream.addEventListener('gone', () => location.reload());
    stream.addEventListener('error', () => { if (stream.readyState === 2) setTimeout(listen, 5000); });
  }
  listen();
})();
