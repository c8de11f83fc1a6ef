"""A repository of OAI-PMH for tests: what it gives lies in a folder, and its paths misbehave in their own ways."""
import http.server, json, os, sys, time, urllib.parse
from xml.sax.saxutils import escape

FOLDER = sys.argv[1]
PAGE = 10
HEAD = ('<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        '<responseDate>%s</responseDate><request verb="%s">http://x/oai</request>')
seen = {}

def now():
    with open(os.path.join(FOLDER, "now")) as file:
        return file.read().strip()

def records():
    with open(os.path.join(FOLDER, "records.json")) as file:
        return json.load(file)

def identify():
    return ('<Identify><repositoryName>Brook &amp; Mill Library</repositoryName><baseURL>http://x/oai</baseURL>'
            '<protocolVersion>2.0</protocolVersion><adminEmail>a@b.example</adminEmail>'
            '<earliestDatestamp>2000-01-01T00:00:00Z</earliestDatestamp><deletedRecord>persistent</deletedRecord>'
            '<granularity>YYYY-MM-DDThh:mm:ssZ</granularity></Identify>')

def metadata(one, prefix):
    if prefix == "marcxml":
        return ('<record xmlns="http://www.loc.gov/MARC21/slim"><leader>00000nam a2200000 a 4500</leader>'
                '<controlfield tag="001">%s</controlfield><datafield tag="245" ind1="1" ind2="0">'
                '<subfield code="a">%s</subfield></datafield></record>' % (one["id"], escape(one["title"])))
    return ('<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>%s</dc:title>'
            '<dc:creator>Brook, Ona</dc:creator></oai_dc:dc>' % escape(one["title"]))

def record(one, prefix):
    status = ' status="deleted"' if one.get("deleted") else ""
    out = ('<record><header%s><identifier>%s</identifier><datestamp>%s</datestamp></header>'
           % (status, escape(one["id"]), one["stamp"]))
    if not one.get("deleted"):
        out += "<metadata>%s</metadata>" % metadata(one, prefix)
    return out + "</record>"

def listed(arguments, path):
    token = arguments.get("resumptionToken")
    if token:
        start, since, prefix = token.split("|")
        start = int(start)
    else:
        start, since, prefix = 0, arguments.get("from", ""), arguments["metadataPrefix"]
    found = [one for one in records() if one["stamp"] >= since]
    if not found:
        return '<error code="noRecordsMatch">nothing</error>'
    part = found[start:start + PAGE]
    out = "<ListRecords>" + "".join(record(one, prefix) for one in part)
    if path == "/endless":
        return out + "<resumptionToken>0|%s|%s</resumptionToken></ListRecords>" % (since, prefix)
    if start + PAGE < len(found):
        out += ('<resumptionToken completeListSize="%d" cursor="%d">%d|%s|%s</resumptionToken>'
                % (len(found), start, start + PAGE, since, prefix))
    return out + "</ListRecords>"

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, status, body, headers=(), length=None):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("content-type", "text/xml")
        self.send_header("content-length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        arguments = dict(urllib.parse.parse_qsl(address.query))
        verb, path = arguments.get("verb", ""), address.path
        with open(os.path.join(FOLDER, "requests"), "a") as log:
            log.write("%s\t%s\t%s\n" % (path, address.query, self.headers.get("user-agent", "")))
        count = seen[path] = seen.get(path, 0) + 1
        if path == "/busy" and count in (1, 3):
            return self.send(503, b"", [("retry-after", "1")])
        if path == "/away":
            return self.send(302, b"", [("location", "file:///etc/passwd")])
        if path == "/round":
            return self.send(302, b"", [("location", "/round")])
        if path == "/page":
            return self.send(200, b"<html><body>Welcome</body></html>")
        if path == "/slow":
            time.sleep(0.15)
        body = identify() if verb == "Identify" else listed(arguments, path)
        text = (HEAD % (now(), verb) + body + "</OAI-PMH>").encode()
        if path == "/bomb" and verb != "Identify":
            text = text.replace(b"?>\n", b'?>\n<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>', 1)
        if path == "/broken" and verb != "Identify":
            text = text.replace(b"</metadata>", b"", 1)
        if path == "/cut" and verb != "Identify":
            self.send(200, text[:len(text) // 2], length=len(text))
            self.close_connection = True
            return
        if path == "/short" and verb != "Identify":
            text = text[:len(text) // 2]
        if path == "/moved":
            return self.send(301, b"", [("location", "/oai?" + address.query)])
        self.send(200, text)

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
