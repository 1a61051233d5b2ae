// Whether the JDK's trust manager takes the chain of a TLS server: for each folder named on the
// command line, with leaf.pem, chain.pem and root.pem in it, a line "NAME good" or "NAME bad WHY".
import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
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

    private static void verify(Path folder) throws Exception {
        KeyStore roots = KeyStore.getInstance(KeyStore.getDefaultType());
        roots.load(null, null);
        for (X509Certificate c : read(folder.resolve("root.pem")))
            roots.setCertificateEntry("root", c);
        List<X509Certificate> chain = read(folder.resolve("leaf.pem"));
        chain.addAll(read(folder.resolve("chain.pem")));
        TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
        factory.init(roots);
        ((X509TrustManager) factory.getTrustManagers()[0])
            .checkServerTrusted(chain.toArray(new X509Certificate[0]), "ECDHE_RSA");
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
