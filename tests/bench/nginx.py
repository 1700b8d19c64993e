"""An nginx of its own, on loopback, that answers each call from memory as the gateway would."""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import time

MODULES = pathlib.Path('/usr/lib/nginx/modules')
ECHO = MODULES / 'ngx_http_echo_module.so'

ANSWER = ('{"tmall_serivcecenter_workcard_insurance_claim_response":{"is_success":true,'
          '"msg_code":"SUCCESS","msg_info":"ok","request_id":"$request_id"}}')

CONFIG = '''
{modules}
daemon off; master_process off; worker_processes 1; pid nginx.pid; error_log stderr crit;
worker_rlimit_nofile 20000;
events {{ worker_connections 8192; }}
http {{
  access_log off; default_type application/json; keepalive_timeout 300s; keepalive_requests {requests};
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  server {{ listen 127.0.0.1:{port} {tls} backlog=8192; {certificate}
    location / {{ {answer} }} }}
}}
'''

CERTIFICATE = ('ssl_certificate cert.pem; ssl_certificate_key key.pem; ssl_session_cache {cache}; '
               'ssl_session_tickets {tickets};')


def available(latency_ms=0):
    """Why it cannot be measured here; empty: it can."""
    if not shutil.which('nginx'):
        return 'nginx is not installed'
    return 'libnginx-mod-http-echo is not installed' if latency_ms and not ECHO.exists() else ''


def free_port():
    with socket.socket() as taken:
        taken.bind(('127.0.0.1', 0))
        return taken.getsockname()[1]


def make_certificate(folder):
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
                    '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2', '-subj', '/CN=127.0.0.1',
                    '-addext', 'subjectAltName=IP:127.0.0.1'], cwd=folder, check=True, capture_output=True)


def wait_until_open(process, port):
    for _ in range(500):
        if process.poll() is not None:
            raise SystemExit(f'nginx ended with {process.returncode}')
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port)):
            return
        time.sleep(0.01)
    raise SystemExit('nginx does not listen')


@contextlib.contextmanager
def nginx(folder, latency_ms=0, tls=False, resumes=True, requests=1000000000, http2=False):
    """The address. `requests` is how many each connection may have before it is closed."""
    folder = pathlib.Path(folder) / 'nginx'
    folder.mkdir(exist_ok=True)
    port = free_port()
    text = ANSWER.replace('"', '\\"')
    answer = (f'echo_sleep {latency_ms / 1000}; echo -n "{text}";' if latency_ms else f'return 200 "{text}";')
    if http2:  # else it answers before it has read the claim, which makes that unknown
        answer = f'echo_read_request_body; echo_sleep {latency_ms / 1000}; echo -n "{text}";'
    if tls:
        make_certificate(folder)
    (folder / 'nginx.conf').write_text(CONFIG.format(
        modules=f'load_module {ECHO};' if latency_ms or http2 else '', port=port, requests=requests, answer=answer,
        tls=('ssl http2' if http2 else 'ssl') if tls else '',
        certificate=CERTIFICATE.format(cache='shared:tls:4m' if resumes else 'off',
                                       tickets='on' if resumes else 'off') if tls else ''))
    process = subprocess.Popen(['nginx', '-p', folder, '-c', 'nginx.conf'], stdout=subprocess.DEVNULL)
    try:
        wait_until_open(process, port)
        yield f'http{"s" if tls else ""}://127.0.0.1:{port}/router/rest'
    finally:
        process.terminate()
        process.wait()
