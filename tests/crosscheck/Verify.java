// What the JDK says of each folder named on the command line, in a line "NAME good" or "NAME bad WHY":
//     leaf.pem, chain.pem, root.pem, use   whether a trust manager takes the chain of a TLS server, or
//                                          client where use says so; for "ocsp" the path alone
//     list.crl, root.pem, revoked, *.pem   whether the CRL is the root's, and those certificates, and
//                                          only those, that revoked names are revoked by it
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertStore;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

public class Verify {
    private static List<X509Certificate> read(Path file) throws Exception {
        List<X509Certificate> list = new ArrayList<>();
        byte[] content = Files.readAllBytes(file);
        if (content.length > 0)
            for (var c : CertificateFactory.getInstance("X.509")
                         .generateCertificates(new ByteArrayInputStream(content)))
                list.add((X509Certificate) c);
        return list;
    }

    private static String word(Path file) throws Exception {
        return Files.exists(file) ? Files.readString(file).trim() : "";
    }

    private static void walk(List<X509Certificate> chain, X509Certificate root, X509CRL crl)
        throws Exception {
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
        parameters.setRevocationEnabled(crl != null);
        if (crl != null)
            parameters.addCertStore(CertStore.getInstance(
                "Collection", new CollectionCertStoreParameters(List.of(crl))));
        CertPathValidator.getInstance("PKIX").validate(
            CertificateFactory.getInstance("X.509").generateCertPath(chain), parameters);
    }

    private static boolean isRevoked(X509Certificate certificate, X509Certificate root, X509CRL crl)
        throws Exception {
        try {
            walk(List.of(certificate), root, crl);
            return false;
        } catch (CertPathValidatorException e) {
            if (e.getReason() == CertPathValidatorException.BasicReason.REVOKED)
                return true;
            throw e;
        }
    }

    private static void judgeList(Path folder) throws Exception {
        X509Certificate root = read(folder.resolve("root.pem")).get(0);
        X509CRL crl = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(
            new ByteArrayInputStream(Files.readAllBytes(folder.resolve("list.crl"))));
        Set<String> expected = Set.of(word(folder.resolve("revoked")).split(" "));
        crl.verify(root.getPublicKey());
        // A delta stands for nothing without the CRL that it is a delta of.
        if (crl.getExtensionValue("2.5.29.27") != null)
            return;
        try (var files = Files.newDirectoryStream(folder, "*.pem")) {
            for (Path file : files) {
                String name = file.getFileName().toString().replace(".pem", "");
                if (name.equals("root") || name.equals("list"))
                    continue;
                if (isRevoked(read(file).get(0), root, crl) != expected.contains(name))
                    throw new Exception(name + " is not what it should be");
            }
        }
    }

    private static void verify(Path folder) throws Exception {
        if (Files.exists(folder.resolve("list.crl"))) {
            judgeList(folder);
            return;
        }
        if (word(folder.resolve("use")).equals("ocsp")) {
            List<X509Certificate> path = read(folder.resolve("leaf.pem"));
            path.addAll(read(folder.resolve("chain.pem")));
            walk(path, read(folder.resolve("root.pem")).get(0), null);
            return;
        }
        KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
        roots.load(null, null);
        for (X509Certificate c : read(folder.resolve("root.pem")))
            roots.setCertificateEntry("root", c);
        List<X509Certificate> chain = read(folder.resolve("leaf.pem"));
        chain.addAll(read(folder.resolve("chain.pem")));
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(roots);
        X509TrustManager manager = (X509TrustManager) factory.getTrustManagers()[0];
        X509Certificate[] whole = chain.toArray(new X509Certificate[0]);
        if (word(folder.resolve("use")).equals("client"))
            manager.checkClientTrusted(whole, "ECDHE_RSA");
        else
            manager.checkServerTrusted(whole, "ECDHE_RSA");
    }

    public static void main(String[] folders) {
        for (String folder : folders) {
            Path path = Path.of(folder);
            try {
                verify(path);
                System.out.println(path.getFileName() + " good");
            } catch (Exception e) {
                Throwable cause = e;
                while (cause.getCause() != null)
                    cause = cause.getCause();
                System.out.println(path.getFileName() + " bad "
                                   + String.valueOf(cause.getMessage()).lines().findFirst().orElse(""));
            }
        }
    }
}
