"""Requests that no tool makes: each NAME.csr is DER, signed with the RSA key in the file given."""
import sys

try:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding
except ImportError:
    sys.exit(1)

UTF8, PRINTABLE, T61, BMP, UNIVERSAL = 0x0C, 0x13, 0x14, 0x1E, 0x1C
with open(sys.argv[1], 'rb') as file:
    KEY = serialization.load_pem_private_key(file.read(), None)
SPKI = KEY.public_key().public_bytes(
    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def tlv(tag, *parts):
    value = b''.join(parts)
    size = len(value)
    if size < 128:
        return bytes([tag, size]) + value
    octets = size.to_bytes((size.bit_length() + 7) // 8, 'big')
    return bytes([tag, 0x80 | len(octets)]) + octets + value


def oid(dotted):
    first, second, *rest = map(int, dotted.split('.'))
    content = bytes([first * 40 + second])
    for arc in rest:
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.insert(0, arc & 0x7F | 0x80)
        content += bytes(septets)
    return tlv(6, content)


def attribute(dotted, tag, value):
    return tlv(0x30, oid(dotted), tlv(tag, value))


def common_name(value, tag=UTF8):
    return name([attribute('2.5.4.3', tag, value)])


def unit(value):
    return attribute('2.5.4.11', UTF8, value)


def name(*rdns):
    return tlv(0x30, *[tlv(0x31, *rdn) for rdn in rdns])


def extension(dotted, value, critical=False):
    return tlv(0x30, oid(dotted), b'\1\1\xff' if critical else b'', tlv(4, value))


def request(file_name, subject=common_name(b'x'), *extensions):
    requested = tlv(0x30, oid('1.2.840.113549.1.9.14'), tlv(0x31, tlv(0x30, *extensions)))
    info = tlv(0x30, b'\2\1\0', subject, SPKI, tlv(0xA0, requested if extensions else b''))
    signature = KEY.sign(info, padding.PKCS1v15(), hashes.SHA256())
    algorithm = tlv(0x30, oid('1.2.840.113549.1.1.11'), b'\5\0')
    with open(file_name + '.csr', 'wb') as out:
        out.write(tlv(0x30, info, algorithm, tlv(3, b'\0' + signature)))


def private(number):
    return '1.3.6.1.4.1.55555.%d' % number


request('control', common_name(b'a\x1b[31mred\x07\r\nx'))
request('nul', common_name(b'good.example\0.evil'))
request('empty', common_name(b''))
request('cn64', common_name(b'a' * 64))
request('cn65', common_name(b'a' * 65))
request('bits', common_name(b'\0abc', 3))
request('seq', common_name(b'', 0x30))
request('printable', common_name(b'a*b@c_', PRINTABLE))
request('nameless', name())
request('malformed', common_name(b'a\xff\xc0\x80b'))
request('bmpodd', common_name(b'abc', BMP))
request('universal', common_name(b'\x7f\xff\xff\xff', UNIVERSAL))
request('bidi', common_name('a\u202eevil\u2066x\u200fy\u061c'.encode()))
request('unseen', common_name('a\u200bb\ufeffc\u2028d\u00ade\u2060f\U000e0041g'.encode()))
request('joined', common_name('\U0001f468\u200d\U0001f469 \U0001f600'.encode()))
request('wide', common_name(('\u6f22' * 60).encode()))
request('combining', common_name(('e' + '\u0301' * 40).encode()))
request('bmp', common_name('Bmp \u00fc'.encode('utf-16-be'), BMP))
request('t61', common_name(b'T61 \xfc', T61))
request('many', name([attribute('2.5.4.3', UTF8, b'x')], *[[unit(b'%d' % i)] for i in range(200)]))
request('multi', name([attribute('2.5.4.3', UTF8, b'both'), unit(b'unit')]))
request('extensions', common_name(b'x'), *[extension(private(i), b'\5\0') for i in range(400)])
request('twice', common_name(b'x'), *[extension(private(1), b'\5\0')] * 2)
request('escapes', common_name(b'x'), extension(private(1), tlv(UTF8, b'\x1b[31mred\x07'), True))
request('large', common_name(b'x'), extension(private(1), tlv(4, b'A' * 20000)))
request('names', common_name(b'x'), extension(
    '2.5.29.17', tlv(0x30, tlv(0x82, b'a\x1b[31m\0.b'), tlv(0x82, b'c' * 300))))
